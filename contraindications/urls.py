"""Pages about screening."""

from django.urls import path

from contraindications import views

app_name = "contraindications"
urlpatterns = [
    path("", views.waiting, name="worklist"),
    path("<id:pk>/", views.screening, name="screening"),
    path("<id:pk>/decide/", views.decide, name="decide"),
]
