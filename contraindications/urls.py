"""Pages about screening."""

from django.urls import path

from contraindications.views import reasons, reports, screenings, waiting
from contraindications.why import views as why

app_name = "contraindications"
urlpatterns = [
    path("", waiting.waiting, name="worklist"),
    path("report/", reports.report, name="report"),
    path("report.csv", reports.report_csv, name="report_csv"),
    path("reasons/", reasons.reasons, name="reasons"),
    path("reasons/add/", reasons.add, name="reason_add"),
    path("reasons/<id:pk>/", reasons.edit, name="reason_edit"),
    path("<id:pk>/", screenings.screening, name="screening"),
    path("<id:pk>/why/", why.why, name="why"),
    path("<id:pk>/why.pdf", why.why_pdf, name="why_pdf"),
    path("<id:pk>/decide/", screenings.decide, name="decide"),
    path("<id:pk>/ask/", screenings.ask, name="ask"),
    path("<id:pk>/todo/", screenings.todo, name="todo"),
]
