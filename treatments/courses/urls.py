"""Pages about plans and courses."""

from django.urls import path

from treatments.courses import views

app_name = "courses"
urlpatterns = [
    path("new/<id:pk>/", views.new, name="new"),
    path("preview/<id:pk>/", views.preview, name="preview"),
    # /courses/<course>/
    path("<id:pk>/", views.course, name="course"),
    path("<id:pk>/edit/", views.edit, name="edit"),
    path("<id:pk>/screen/", views.screen_again, name="screen"),
    path("<id:pk>/confirm/", views.confirm, name="confirm"),
    path("<id:pk>/cancel/", views.cancel, name="cancel"),
]
