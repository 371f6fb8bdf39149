"""Pages about the calendar."""

from django.urls import path

from treatments.schedule.views import (
    arrivals,
    booking,
    calendar,
    ending,
    feed,
    files,
    gaps,
    lateness,
    missing,
    moving,
    overlaps,
    progress,
    sessions,
    sheets,
    swapping,
    taken,
)

app_name = "schedule"
urlpatterns = [
    path("", calendar.day, name="day"),
    path("sheet/", sheets.sheet, name="sheet"),
    path("sheet.pdf", sheets.sheet_pdf, name="sheet_pdf"),
    path("events/", feed.events, name="events"),
    path("changes/", feed.digest, name="changes"),
    path("seek/", feed.seek, name="seek"),
    path("courses/<id:pk>/book/", booking.book, name="book"),
    path("courses/<id:pk>/taken/<id:number>/", taken.course, name="taken_of_course"),
    path("courses/<id:pk>/appointments.ics", files.course, name="course_ics"),
    path("courses/<id:pk>/gap/", gaps.gap, name="gap"),
    path("given-up/", gaps.given_up, name="given_up"),
    path("overlaps/", overlaps.report, name="overlaps"),
    path("overlaps.csv", overlaps.report_csv, name="overlaps_csv"),
    path("rescreening/", progress.progress, name="rescreening"),
    # /schedule/sessions/<pk>/
    path("patients/<id:pk>/cancel/", ending.cancel_all, name="cancel_all"),
    path("sessions/<id:pk>/", sessions.session, name="session"),
    path("sessions/<id:pk>/appointment.ics", files.session, name="session_ics"),
    path("sessions/<id:pk>/arrived/", arrivals.arrived, name="arrived"),
    path("sessions/<id:pk>/late/", lateness.late, name="late"),
    path("sessions/<id:pk>/missed/", missing.missed, name="missed"),
    path("sessions/<id:pk>/move/", moving.move, name="move"),
    path("sessions/<id:pk>/drop/", feed.drop, name="drop"),
    path("sessions/<id:pk>/swap/", swapping.swap, name="swap"),
    path("sessions/<id:pk>/taken/", taken.session, name="taken"),
    path("sessions/<id:pk>/cancel/", sessions.cancel, name="cancel"),
]
