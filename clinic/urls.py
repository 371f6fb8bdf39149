"""One include per app. Namespaces are the apps' names."""

from django.contrib import admin
from django.urls import include, path, register_converter

from clinic import views
from clinic.converters import Id

register_converter(Id, "id")

urlpatterns = [
    path("", views.start, name="start"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("catalogue/", admin.site.urls),
    path("patients/", include("patients.urls")),
    path("screening/", include("contraindications.urls")),
    path("courses/", include("treatments.courses.urls")),
    path("schedule/", include("treatments.schedule.urls")),
    path("visits/", include("treatments.visits.urls")),
    path("messages/", include("treatments.reminders.urls")),
]
