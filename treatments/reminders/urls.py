"""Pages about reminders."""

from django.urls import path

from treatments.reminders import views

app_name = "reminders"
urlpatterns = [
    path("", views.messages, name="messages"),
    path("<id:pk>/put-back/", views.put_back, name="put_back"),
]
