"""Pages about plans and courses."""

from django.urls import path

from treatments.courses.views import course, planning

app_name = "courses"
urlpatterns = [
    path("new/<id:pk>/", planning.new, name="new"),
    path("preview/<id:pk>/", planning.preview, name="preview"),
    # /courses/<course>/
    path("<id:pk>/", course.course, name="course"),
    path("<id:pk>/edit/", planning.edit, name="edit"),
    path("<id:pk>/screen/", course.screen_again, name="screen"),
    path("<id:pk>/confirm/", course.confirm, name="confirm"),
    path("<id:pk>/cancel/", course.cancel, name="cancel"),
]
