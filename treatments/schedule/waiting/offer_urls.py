"""The patient's own page of an offer. It needs no login; the address holds the secret."""

from django.urls import path

from treatments.schedule.views import offered

app_name = "offer"
urlpatterns = [path("<str:token>/", offered.answer, name="answer")]
