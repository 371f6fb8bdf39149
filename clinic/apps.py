from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from clinic import lookups  # noqa: F401, registers them
        from clinic.accounts import remember_second_factor

        authenticator_added.connect(remember_second_factor)
