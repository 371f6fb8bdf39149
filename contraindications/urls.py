"""Pages about screening."""

from django.urls import path

from contraindications.views import screenings, waiting
from contraindications.why import views as why

app_name = "contraindications"
urlpatterns = [
    path("", waiting.waiting, name="worklist"),
    path("<id:pk>/", screenings.screening, name="screening"),
    path("<id:pk>/why/", why.why, name="why"),
    path("<id:pk>/why.pdf", why.why_pdf, name="why_pdf"),
    path("<id:pk>/decide/", screenings.decide, name="decide"),
    path("<id:pk>/ask/", screenings.ask, name="ask"),
    path("<id:pk>/todo/", screenings.todo, name="todo"),
]
