from django.apps import AppConfig


class ContraindicationsConfig(AppConfig):
    name = "contraindications"
