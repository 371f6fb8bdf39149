"""Pages of the waiting list, for those who book."""

from django.urls import path

from treatments.schedule.views import waiting

app_name = "waiting"
urlpatterns = [
    path("", waiting.overview, name="list"),
    path("add/<id:pk>/", waiting.add, name="add"),
    path("<id:pk>/withdraw/", waiting.withdraw, name="withdraw"),
    path("offers/<id:pk>/", waiting.answer, name="answer"),
]
