"""Pages about messages."""

from django.urls import path

from treatments.reminders.views import ledger, record

app_name = "reminders"
urlpatterns = [
    path("", ledger.messages, name="messages"),
    path("of/<id:pk>/", record.patient, name="patient"),
    path("<id:pk>/put-back/", ledger.put_back, name="put_back"),
]
