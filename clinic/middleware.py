"""What holds for every request: room, readable text, no copies kept, sessions that end, a second factor."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

ASKING = ("GET", "HEAD")
Handler = Callable[[HttpRequest], HttpResponse]


class RoomForCalls:
    """Room for all calls of a request, taken once, first of all.

    CPython keeps the frames of calls in chunks of 16 KB, and gives a chunk back to the system as soon as the call that
    did not fit is over. A template calls a hundred deep and back, again and again across the same border: a page asks
    the system for memory some hundred times, which is a twelfth of its processor time. A frame that is larger than a
    chunk gets a chunk of twice its size, and what it calls finds room behind it.
    """

    WORDS = (
        20 * 1024
    )  # of 8 bytes: 160 KB in a chunk of 256, which leaves 96; only what is touched takes memory

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    __call__.__code__ = __call__.__code__.replace(co_stacksize=WORDS)


class NoNulBytes:
    """A NUL byte in an address, a form or a cookie is nobody's typing, and PostgreSQL stores none: 400."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\x00" in text for text in _texts(request)):
            raise BadRequest("NUL byte")
        return self.get_response(request)


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path
    yield from request.COOKIES.values()
    for query in (request.GET, request.POST):
        for name, values in query.lists():
            yield name
            yield from values


ASK_AGAIN = (
    "no-cache, private"  # of what a calendar program reads: it keeps a copy and asks whether it still holds
)


class NoStore:
    """No page is kept by a browser or a proxy: the next person at the desk presses "back" too."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.headers.get("Cache-Control") != ASK_AGAIN:
            response.headers["Cache-Control"] = "no-store, private"
        return response


class SessionLimits:
    """A session ends after SESSION_IDLE_SECONDS without a person, and after SESSION_COOKIE_AGE whatever happens.

    A page that asks by itself says so with `X-Background: 1`: it keeps nothing alive, and finds itself logged out.
    """

    KEY = "clock"  # when it began, when a person was last seen: seconds of the epoch
    GRAIN = 60  # seconds; a session is not written anew for every click

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self.check(request, int(timezone.now().timestamp()))
        return self.get_response(request)

    def check(self, request: HttpRequest, now: int) -> None:
        began, seen = request.session.get(self.KEY, (now, 0))
        idle = seen and now - seen > settings.SESSION_IDLE_SECONDS
        if idle or now - began > settings.SESSION_COOKIE_AGE:
            logout(request)
            request.session["ended"] = True  # the login page says why it is there
        elif not seen or (now - seen >= self.GRAIN and "X-Background" not in request.headers):
            request.session[self.KEY] = (began, now)


class LoginRequired(LoginRequiredMiddleware):
    """Everybody is logged in unless a view says otherwise. A part of a page takes the whole page to the login."""

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:  # type: ignore[override]
        if "HX-Request" not in request.headers:
            if request.method in ASKING:
                return super().handle_no_permission(request, view_func)
            messages.warning(request, _("What you sent was not done: you had been logged out."))
        return go(request, reverse("account_login"))


class SecondFactor:
    """Who has no second factor sets one up first; a session that has not passed it goes nowhere else."""

    OPEN = frozenset(
        {
            "mfa_activate_totp",
            "mfa_reauthenticate",
            "account_reauthenticate",
            "account_login",
            "account_logout",
        }
    )

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        if not settings.REQUIRE_SECOND_FACTOR or not request.user.is_authenticated:
            return None
        if request.resolver_match.view_name in self.OPEN:  # type: ignore[union-attr]
            return None
        if not is_mfa_enabled(request.user):
            return go(request, reverse("mfa_activate_totp"))
        return None if _passed(request) else go(request, reverse("mfa_reauthenticate"))


def _passed(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return request.session.get("second_factor", False) or any(r["method"] == "mfa" for r in records)


class OwnActs:
    """Who has just done something finds it in what pages keep for seconds, whichever process answers.

    Their browser says so for as long as a process may still keep what it asked before.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and response.status_code < 400 and request.user.is_authenticated:
            name, seconds = settings.ACTED_COOKIE_NAME, settings.NOTICE_KEPT_SECONDS
            response.set_cookie(
                name, "1", max_age=seconds, secure=settings.TLS, httponly=True, samesite="Lax"
            )
        return response

    @staticmethod
    def just_did(request: HttpRequest) -> bool:
        """Whether the person did something within the seconds for which anything is kept."""
        return settings.ACTED_COOKIE_NAME in request.COOKIES


def go(request: HttpRequest, address: str) -> HttpResponse:
    """Take the browser to another page and, after it, back: also when only a part of a page was asked for."""
    if "HX-Request" in request.headers:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = page.path + ("?" + page.query if page.query else "")
        return HttpResponse(status=401, headers={"HX-Redirect": f"{address}?{urlencode({'next': back})}"})
    back = request.get_full_path() if request.method in ASKING else _page_of_form(request)
    return HttpResponseRedirect(f"{address}?{urlencode({'next': back})}")


def _page_of_form(request: HttpRequest) -> str:
    """Where the form stood that was sent: the address that it was sent to may have no page."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return reverse("start")
    return page.path + ("?" + page.query if page.query else "")
