"""Pages about patients."""

from django.urls import path

from patients.views import closing, confirming, interview, links, page, people, versions

app_name = "patients"
urlpatterns = [
    path("", people.search, name="list"),
    path("new/", people.register, name="register"),
    path("<id:pk>/", page.patient, name="patient"),
    path("<id:pk>/edit/", people.edit, name="edit"),
    path("<id:pk>/close/", closing.closing, name="closing"),
    path("<id:pk>/died/", closing.died, name="died"),
    path("<id:pk>/duplicate/", closing.duplicate, name="duplicate"),
    path("<id:pk>/interview/", interview.interview, name="interview"),
    path("<id:pk>/interview/draft/", interview.draft, name="draft"),
    path("<id:pk>/interview/discard/", interview.discard, name="discard"),
    path("<id:pk>/report/", confirming.confirm_report, name="confirm_report"),
    path("<id:pk>/report/set-aside/", confirming.set_aside, name="set_aside_report"),
    path("<id:pk>/interviews/<id:number>/", versions.version, name="version"),
    path("<id:pk>/links/mail/", links.by_mail, name="link_by_mail"),
    path("<id:pk>/links/code/", links.by_code, name="link_by_code"),
    path("<id:pk>/links/tablet/", links.on_tablet, name="link_on_tablet"),
    path("<id:pk>/links/<id:link>/revoke/", links.revoke, name="link_revoke"),
]
