"""Pages about messages."""

from django.urls import path

from treatments.reminders.views import charts, ledger, maintenance, morning, record, wishes

app_name = "reminders"
urlpatterns = [
    path("", ledger.messages, name="messages"),
    path("charts/", charts.charts, name="charts"),
    path("maintenance/", maintenance.due, name="maintenance"),
    path("morning/", morning.morning, name="morning"),
    path("of/<id:pk>/", record.patient, name="patient"),
    path("of/<id:pk>/wishes/", wishes.wishes, name="wishes"),
    path("<id:pk>/put-back/", ledger.put_back, name="put_back"),
]
