"""Pages about screening."""

from django.urls import path

from contraindications import views
from contraindications.why import views as why

app_name = "contraindications"
urlpatterns = [
    path("", views.waiting, name="worklist"),
    path("<id:pk>/", views.screening, name="screening"),
    path("<id:pk>/why/", why.why, name="why"),
    path("<id:pk>/why.pdf", why.why_pdf, name="why_pdf"),
    path("<id:pk>/decide/", views.decide, name="decide"),
]
