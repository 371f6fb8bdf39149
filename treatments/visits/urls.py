"""Pages about visits."""

app_name = "visits"
urlpatterns: list = []
