"""What patients open from a message. Nothing here needs a login; everything but the entrance needs a link's cookie."""

from django.urls import path

from treatments.reminders.own.views import entrance, moving, recall, sessions, wishes

app_name = "messages"
urlpatterns = [
    path("with/<str:token>/", entrance.enter, name="enter"),
    path("unsubscribe/<str:token>/", wishes.unsubscribe, name="unsubscribe"),
    path("<id:link>/", entrance.here, name="here"),
    path("<id:link>/session/<id:pk>/", sessions.session, name="session"),
    path("<id:link>/session/<id:pk>/confirm/", sessions.confirm, name="confirm"),
    path("<id:link>/session/<id:pk>/cancel/", sessions.cancel, name="cancel"),
    path("<id:link>/session/<id:pk>/move/", moving.move, name="move"),
    path("<id:link>/session/<id:pk>/calendar/", sessions.calendar, name="calendar"),
    path("<id:link>/answer/", recall.answer, name="answer"),
    path("<id:link>/wishes/", wishes.wishes, name="wishes"),
]
