"""Where providers and gateways report to. No session, no CSRF token: each report is signed (`views.py`)."""

from django.urls import path

from treatments.reminders.hooks import views

app_name = "hooks"
urlpatterns = [
    path("mail/", views.mail, name="mail"),
    path("sms/status/", views.sms_status, name="sms_status"),
    path("sms/replies/", views.sms_reply, name="sms_reply"),
]
