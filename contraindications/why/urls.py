"""The public check of a digest."""

from django.urls import path

from contraindications.why import views

app_name = "check"
urlpatterns = [
    path("", views.check, name="form"),
    path("<digest:digest>/", views.check_digest, name="digest"),
]
