"""Pages on which messages are worded."""

from django.urls import path

from treatments.reminders.texts import views

app_name = "texts"
urlpatterns = [
    path("", views.texts, name="list"),
    path("<slug:kind>/<slug:channel>/<slug:language>/", views.text, name="text"),
]
