"""Pages about reminders."""

app_name = "reminders"
urlpatterns: list = []
