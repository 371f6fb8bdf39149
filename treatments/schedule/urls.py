"""Pages about the calendar."""

from django.urls import path

from treatments.schedule.views import arrivals, booking, calendar, missing, moving, progress, sessions

app_name = "schedule"
urlpatterns = [
    path("", calendar.day, name="day"),
    path("courses/<id:pk>/book/", booking.book, name="book"),
    path("rescreening/", progress.progress, name="rescreening"),
    # /schedule/sessions/<pk>/
    path("sessions/<id:pk>/", sessions.session, name="session"),
    path("sessions/<id:pk>/arrived/", arrivals.arrived, name="arrived"),
    path("sessions/<id:pk>/missed/", missing.missed, name="missed"),
    path("sessions/<id:pk>/move/", moving.move, name="move"),
    path("sessions/<id:pk>/cancel/", sessions.cancel, name="cancel"),
]
