"""Pages about who is away, when the clinic is closed, and other hours on single days."""

from django.urls import path

from treatments.schedule.views import absences, replanning, single_days

app_name = "absences"
urlpatterns = [
    path("", absences.overview, name="list"),
    path("add/", absences.add, name="add"),
    path("close/", absences.close, name="close"),
    path("ill-today/<id:pk>/", absences.ill_today, name="ill_today"),
    path("outside/", absences.outside, name="outside"),
    path("outside/replan/", replanning.outside, name="outside_replan"),
    path("<id:pk>/", absences.absence, name="absence"),
    path("<id:pk>/replan/", replanning.absence, name="replan"),
    path("<id:pk>/lift/", absences.lift, name="lift"),
    path("hours/<id:pk>/", single_days.hours, name="hours"),
    path("days/<id:pk>/replan/", replanning.hours, name="replan_day"),
    path("hours/<id:pk>/weekly/", single_days.weekly_again, name="weekly_again"),
]
