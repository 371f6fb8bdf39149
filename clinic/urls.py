"""One include per app. Namespaces are the apps' names."""

from django.contrib import admin
from django.urls import include, path, register_converter

from clinic import hours_views, views
from clinic.converters import Digest, Id

register_converter(Id, "id")
register_converter(Digest, "digest")
handler400 = "clinic.errors.bad_request"
handler500 = "clinic.errors.server_error"

urlpatterns = [
    path("", views.start, name="start"),
    path("", include("treatments.reminders.probe_urls")),
    path("accounts/", include("clinic.account_urls")),
    path("staff/", views.staff, name="staff"),
    path("staff/add/", views.staff_add, name="staff_add"),
    path("staff/<id:pk>/", views.staff_edit, name="staff_edit"),
    path("staff/<id:pk>/hours/", hours_views.staff_hours, name="staff_hours"),
    path("staff/<id:pk>/link/", views.staff_link, name="staff_link"),
    path("staff/<id:pk>/second-factor/", views.staff_second_factor, name="staff_second_factor"),
    path("rooms/", views.rooms, name="rooms"),
    path("rooms/add/", views.room_add, name="room_add"),
    path("rooms/<id:pk>/", views.room_edit, name="room_edit"),
    path("rooms/<id:pk>/hours/", hours_views.room_hours, name="room_hours"),
    path("settings/", views.settings, name="settings"),
    path("access-log/", views.access_log, name="access_log"),
    path("catalogue/", admin.site.urls),
    path("patients/", include("patients.urls")),
    path("interview/", include("patients.own_urls")),
    path("screening/", include("contraindications.urls")),
    path("check/", include("contraindications.why.urls")),
    path("rules/", include("contraindications.rule_urls")),
    path("courses/", include("treatments.courses.urls")),
    path("schedule/", include("treatments.schedule.urls")),
    path("feeds/", include("treatments.schedule.feeds.urls")),
    path("absences/", include("treatments.schedule.away.urls")),
    path("waiting/", include("treatments.schedule.waiting.urls")),
    path("offer/", include("treatments.schedule.waiting.offer_urls")),
    path("equipment/", include("treatments.schedule.equipment.urls")),
    path("visits/", include("treatments.visits.urls")),
    path("messages/texts/", include("treatments.reminders.texts.urls")),
    path("messages/", include("treatments.reminders.urls")),
    path("hooks/", include("treatments.reminders.hooks.urls")),
    path("my/", include("treatments.reminders.own.urls")),
]
