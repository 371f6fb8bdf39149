"""Pages about patients."""

app_name = "patients"
urlpatterns: list = []
