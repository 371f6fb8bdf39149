"""Pages about courses."""

app_name = "courses"
urlpatterns: list = []
