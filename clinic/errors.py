"""Error pages in words, each with the next step. What went wrong inside is in the log, never on the page.

Answers of the house: wrong role 403, not found or not yours 404, wrong method 405, conflict 409, invalid form 422.
"""

import datetime as dt
import sys
from typing import Any

from django.db import InterfaceError, OperationalError, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.sqlstates import TOO_LONG, TRY_AGAIN, sqlstate


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was sent could not be read. Django's own answer reads the form once more, and fails a second time."""
    return HttpResponse(render_to_string("400.html"), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something failed inside: 503 where the database is out of reach, since that passes, 500 for all else.

    409 where two changes were in each other's way, and the database took this one back: whoever asks again gets it.
    """
    error = sys.exc_info()[1]
    if sqlstate(error) in {*TRY_AGAIN, TOO_LONG}:
        said = _("Somebody else was changing the same in this moment.")
        return HttpResponse(loader.get_template("409.html").render({"conflict": said}), status=409)
    gone = isinstance(error, OperationalError | InterfaceError)
    page = loader.get_template(
        "503.html" if gone else "500.html"
    ).render()  # no request: nothing is asked of anybody
    return HttpResponse(page, status=503 if gone else 500, headers={"Retry-After": "30"} if gone else {})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from a page that has gone stale, or from elsewhere: nothing was done."""
    return render(request, "403_csrf.html", status=403)


def conflict(
    request: HttpRequest, message: str, *, template: str | None = None, context: dict[str, Any] | None = None
) -> HttpResponse:
    """Answer 409: what was asked for does not fit what stands by now, and nothing was changed.

    Without a template: a page (for htmx a fragment) that says `message` and leads back.

        return conflict(request, _("This session was performed meanwhile."))

    With the template of a form: the same page again with what was typed, and `conflict` in its context, which the
    template shows by `{% include "_conflict.html" %}` above the form. Give the form the version that stands now, so
    that saving once more is a decision made with open eyes; `differences` lists what the others have saved.

        except ChangedMeanwhile as changed:
            form.data = form.data | {"version": changed.row.version}
            context = {"form": form, "differences": differences(form, changed.row)}
            return conflict(request, changed_meanwhile(changed.row), template="clinic/room.html", context=context)
    """
    page = template or ("_conflict.html" if getattr(request, "htmx", False) else "409.html")
    return render(request, page, {**(context or {}), "conflict": message}, status=409)


def changed_meanwhile(row: models.Model) -> str:
    """Who changed this row last and when, in a sentence. Two SQL queries. The model of `row` is tracked."""
    when, who = last_change(row)
    if when is None:
        return _("Somebody changed this while you were editing. Nothing of yours was saved yet.")
    moment = timezone.localtime(when).strftime("%H:%M")
    return _(
        "%(who)s changed this at %(moment)s, while you were editing. Nothing of yours was saved yet."
    ) % {
        "who": who or _("Somebody"),
        "moment": moment,
    }


def last_change(row: Any) -> tuple[dt.datetime | None, User | None]:
    """When the row was last changed and by whom (None: by a command or a task)."""
    event = row.events.select_related("pgh_context").order_by("-pgh_id").first()
    if event is None:
        return None, None
    known = event.pgh_context.metadata if event.pgh_context else {}
    return event.pgh_created_at, User.objects.filter(pk=known.get("user")).first()


def differences(form, row: models.Model) -> list[tuple[str, Any]]:
    """(label, what is saved now) of every field of a ModelForm whose saved value is not the one typed."""
    saved = form.__class__(instance=row).initial
    return [
        (form.fields[name].label, saved[name])
        for name in form.fields
        if name in saved and form.fields[name].has_changed(saved[name], form[name].value())
    ]
