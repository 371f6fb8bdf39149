"""Pages about screening."""

app_name = "contraindications"
urlpatterns: list = []
