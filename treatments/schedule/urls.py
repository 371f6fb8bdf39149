"""Pages about schedule."""

app_name = "schedule"
urlpatterns: list = []
