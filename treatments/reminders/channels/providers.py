"""E-mail by a provider's interface (django-anymail), or by a backend that writes files or keeps letters for tests."""

from collections.abc import Callable
from contextlib import suppress

import requests
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from treatments.reminders import words
from treatments.reminders.channels import http
from treatments.reminders.channels.lines import Letter, NoSuchAddress, PutOff, Refused


class ProviderLine:
    """One session with the provider. What it calls the letter is what its reports speak of later."""

    def __init__(self, backend: BaseEmailBackend, built: Callable[[Letter], EmailMultiAlternatives]) -> None:
        self.backend, self.built = backend, built

    def open(self) -> None:
        self.backend.open()

    def send(self, letter: Letter) -> str:
        mail = self.built(letter)
        try:
            self.backend.send_messages([mail])
        except AnymailRecipientsRefused as refused:
            raise NoSuchAddress(words.PROVIDER_REFUSES % {"code": "-"}) from refused
        except AnymailAPIError as error:
            raise _trouble(error) from error
        except ValueError as error:
            raise Refused(words.BAD_ADDRESS) from error
        except OSError as error:
            raise PutOff(words.PROVIDER_BROKE_OFF, doubtful=True, everything=True) from error
        return str(getattr(getattr(mail, "anymail_status", None), "message_id", None) or "")

    def close(self) -> None:
        with suppress(OSError):
            self.backend.close()


def _trouble(error: AnymailAPIError) -> PutOff | Refused:
    if isinstance(error, requests.RequestException):
        return http.no_answer(error)
    return http.answered(getattr(error, "response", None), getattr(error, "status_code", None))
