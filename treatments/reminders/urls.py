"""Pages about messages."""

from django.urls import path

from treatments.reminders.views import charts, deeds, ledger, maintenance, morning, record, wishes

app_name = "reminders"
urlpatterns = [
    path("", ledger.messages, name="messages"),
    path("charts/", charts.charts, name="charts"),
    path("maintenance/", maintenance.due, name="maintenance"),
    path("morning/", morning.morning, name="morning"),
    path("changed/", deeds.changed, name="changed"),
    path("changed/<id:pk>/seen/", deeds.seen, name="seen"),
    path("changed/confirmed/seen/", deeds.seen_confirmed, name="seen_confirmed"),
    path("of/<id:pk>/", record.patient, name="patient"),
    path("of/<id:pk>/wishes/", wishes.wishes, name="wishes"),
    path("<id:pk>/put-back/", ledger.put_back, name="put_back"),
]
