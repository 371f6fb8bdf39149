"""What is typed to find people stays out of addresses: those end in histories of browsers and in logs of servers.

A list is asked by POST and shown at an address in which the text stands sealed, so that reloading, going back and a
browser without scripts find it there. Each session has its own seal; when the session is over nobody opens it any more.
"""

import base64
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.fernet import Fernet, InvalidToken
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.crypto import salted_hmac

from clinic.requests import StaffRequest

View = Callable[[StaffRequest], HttpResponse]
TYPED, SEALED, TOKEN = "q", "find", "csrfmiddlewaretoken"
MOST = 200  # characters; a name that is longer is none


def shown_at_an_address(view: View) -> View:
    """The form of the list is posted to it. The browser comes to stand at the address of what was asked."""

    @wraps(view)
    def answer(request: StaffRequest) -> HttpResponse:
        if request.method != "POST":
            return view(request)
        said = sealed(request, {name: text for name, text in request.POST.items() if name != TOKEN})
        address = f"{request.path}?{urlencode(said)}" if said else request.path
        if not request.htmx:
            return HttpResponseRedirect(address)
        response = view(request)
        if response.status_code == 200:
            response.headers[_step(request, said)] = address
        return response

    return answer


def asked_of(request: StaffRequest) -> QueryDict:
    """What is asked by the form or by the address. Text that an address holds unsealed is none of ours."""
    if request.method == "POST":
        return request.POST
    asked = request.GET.copy()
    asked[TYPED] = _opened(request, asked.get(SEALED, ""))
    return asked


def sealed(request: StaffRequest, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked as an address may say it: the text sealed, and nothing that is empty."""
    said = {name: value for name, value in asked.items() if value}
    if text := said.pop(TYPED, ""):
        said[SEALED] = _seal(request).encrypt(text[: MOST + 1].encode()).decode()
    return said


def _opened(request: StaffRequest, token: str) -> str:
    try:
        return _seal(request).decrypt(token.encode()).decode()
    except InvalidToken:
        return ""


def _seal(request: StaffRequest) -> Fernet:
    key = salted_hmac("clinic.typed", request.session.session_key or "", algorithm="sha256")
    return Fernet(base64.urlsafe_b64encode(key.digest()))


def _step(request: StaffRequest, said: Mapping[str, Any]) -> str:
    """A choice is a step that leads back. On the way to a word each pause in typing is none."""
    before = dict(parse_qsl(urlsplit(request.htmx.current_url or "").query))
    same = {**before, SEALED: ""} == {**said, SEALED: ""}
    return "HX-Replace-Url" if same else "HX-Push-Url"
