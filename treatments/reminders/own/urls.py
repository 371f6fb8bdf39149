"""What patients open from a message. Nothing here needs a login; everything but the entrance needs a link's cookie."""

from django.urls import path

from treatments.reminders.own import views

app_name = "messages"
urlpatterns = [
    path("with/<str:token>/", views.enter, name="enter"),
    path("<id:link>/", views.here, name="here"),
]
