"""Pages about secret calendar addresses, and what is read at one."""

from django.urls import path

from treatments.schedule.feeds import views

app_name = "feeds"
urlpatterns = [
    path("", views.overview, name="list"),
    path("new/", views.new, name="new"),
    path("<id:pk>/revoke/", views.revoke, name="revoke"),
    path("<str:token>.ics", views.feed, name="feed"),
]
