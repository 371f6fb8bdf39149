"""Pages about visits."""

from django.urls import path

from treatments.visits import views

app_name = "visits"
urlpatterns = [path("<id:pk>/perform/", views.perform, name="perform")]
