"""What all pages behind personal links do alike: a cookie for the token, and one answer for all that opens nothing."""

import datetime as dt
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from clinic.languages import asked_for, speaking, spoken
from clinic.throttle import too_many

GONE = "patients/own/gone.html"


@dataclass(frozen=True, slots=True)
class LinkCookie:
    """A signed cookie that says by which link somebody came. It holds no token and opens nothing by itself."""

    name: str
    salt: str

    @property
    def key(self) -> str:
        """Its name for the browser, which keeps one called __Secure- from being set over a plain connection."""
        return f"__Secure-{self.name}" if settings.TLS else self.name

    def read(self, request: HttpRequest, *, max_age: dt.timedelta | None = None) -> dict | None:
        """What it says, or None when it is missing, forged, or older than `max_age`."""
        try:
            return signing.loads(request.COOKIES.get(self.key, ""), salt=self.salt, max_age=max_age)
        except signing.BadSignature:
            return None

    def write(self, response: HttpResponse, told: dict, *, path: str) -> None:
        """Set it anew, never one that was seen before, for the pages under `path` only."""
        value = signing.dumps({**told, "once": secrets.token_urlsafe(16)}, salt=self.salt)
        response.set_cookie(self.key, value, path=path, secure=settings.TLS, httponly=True, samesite="Lax")

    def delete(self, response: HttpResponse, *, path: str) -> None:
        response.delete_cookie(self.key, path=path, samesite="Lax")


def opens_nothing(request: HttpRequest, door: str, page: str = GONE) -> HttpResponse:
    """The answer for an unknown token: 404, or 429 for an address that tries again and again at this `door`."""
    return slow_down(request) if too_many(request, door) else gone(request, page)


def gone(request: HttpRequest, page: str = GONE) -> HttpResponse:
    """The one answer for every link and cookie that opens nothing, whatever the reason."""
    return to_nobody(request, page, status=404)


def slow_down(request: HttpRequest) -> HttpResponse:
    """Too many tries from one address."""
    response = to_nobody(request, "patients/own/slow_down.html", status=429)
    response.headers["Retry-After"] = "60"
    return response


def to_nobody(request: HttpRequest, page: str, *, status: int) -> HttpResponse:
    """A page for whoever it is: in the language that the browser asks for, as that of a patient would tell of one."""
    with speaking(asked_for(request)):
        response = without_referrer(render(request, page, status=status))
        response.headers["Content-Language"] = spoken()
    patch_vary_headers(response, ["Accept-Language"])
    return response


def without_referrer(response: HttpResponse) -> HttpResponse:
    """Its address may hold a token: no page that is opened from there learns it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
