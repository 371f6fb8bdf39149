"""How staff log in: by e-mail and password, then a second factor; accounts are made by the clinic admin only."""

import base64
import hashlib
import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ResetPasswordForm
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import force_bytes

from clinic.models import User


class StaffAccountAdapter(DefaultAccountAdapter):
    """Nobody signs themselves up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs) -> bool:
        """Who logged in a moment ago is not asked for the password again."""
        request = self.request
        proofs = [record["at"] for record in get_authentication_records(request, request.user)]
        fresh = proofs and time.time() - proofs[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return not fresh and super().is_reauthentication_required(app=app, **kwargs)


class StaffMFAAdapter(DefaultMFAAdapter):
    """Secrets of authenticators and recovery codes are stored encrypted: a copy of the database alone is no key."""

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(b"second factor" + force_bytes(key)).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def send_password_link(request: HttpRequest, user: User) -> bool:
    """Mail the link by which this person chooses a password; nobody else ever knows it. False: no mail went out."""
    form = ResetPasswordForm({"email": user.email})
    try:
        if not form.is_valid():
            return False
        form.save(request)
    except OSError:  # the mail server; smtplib's errors are OSErrors
        return False
    return True


def remember_second_factor(request: HttpRequest, **kwargs) -> None:
    """Whoever has just typed a first code to set the factor up need not type a second one."""
    request.session["second_factor"] = True
