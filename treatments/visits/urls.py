"""Pages about visits."""

from django.urls import path

from treatments.visits.views import checking_in, performing

app_name = "visits"
urlpatterns = [
    path("<id:pk>/check-in/", checking_in.check_in, name="check_in"),
    path("<id:pk>/perform/", performing.perform, name="perform"),
]
