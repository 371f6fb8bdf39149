"""Pages about patients."""

from django.urls import path

from patients.views import interview, page, people, versions

app_name = "patients"
urlpatterns = [
    path("", people.search, name="list"),
    path("new/", people.register, name="register"),
    path("<id:pk>/", page.patient, name="patient"),
    path("<id:pk>/edit/", people.edit, name="edit"),
    path("<id:pk>/interview/", interview.interview, name="interview"),
    path("<id:pk>/interview/draft/", interview.draft, name="draft"),
    path("<id:pk>/interview/discard/", interview.discard, name="discard"),
    path("<id:pk>/interviews/<id:number>/", versions.version, name="version"),
]
