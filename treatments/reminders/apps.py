from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "treatments.reminders"
