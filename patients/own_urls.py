"""The interview by the patient. Nothing here needs a login; everything but the entrance needs the cookie of a link."""

from django.urls import path

from patients.views import answering, own

app_name = "interview"
urlpatterns = [
    path("", own.here, name="here"),
    path("with/<str:token>/", own.enter, name="enter"),
    path("part/<id:number>/", answering.step, name="step"),
    path("review/", answering.review, name="review"),
    path("leave/", own.leave, name="leave"),
]
