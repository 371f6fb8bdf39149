"""Pages on which a change is proposed: an item added, changed or retired, a document, the settings."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.versions import ChangedMeanwhile
from clinic.views import get_or_post
from contraindications.rulebook import draft_actions, drafting, drafts, shown
from contraindications.rulebook.access import catalogue_admin, on_a_rule_set, proposers
from contraindications.rulebook.drafting import ADD, CHANGE, RETIRE, SOURCE
from contraindications.rulebook.forms import ItemForm, ProposalForm, SettingsForm, SourceForm
from contraindications.rulebook.rows import KINDS, Rows
from contraindications.rulebook.vocabulary import Vocabulary, vocabulary


@get_or_post
@catalogue_admin
@on_a_rule_set
def item_add(request: StaffRequest) -> HttpResponse:
    """Propose a new item."""
    return _item_page(request, vocabulary(drafts.in_the_making()), None)


@get_or_post
@catalogue_admin
@on_a_rule_set
def item_change(request: StaffRequest, code: str) -> HttpResponse:
    """Propose another wording, force, place, or other rows of an item."""
    known = vocabulary(drafts.in_the_making())
    return _item_page(request, known, _item(known, code))


@get_or_post
@catalogue_admin
@on_a_rule_set
def item_retire(request: StaffRequest, code: str) -> HttpResponse:
    """Propose that an item counts no more."""
    known = vocabulary(drafts.in_the_making())
    item = _item(known, code)
    form = ProposalForm(request.POST or None, initial={"seen": drafting.seen(item)})
    answer = _proposed(request, form, RETIRE, code, None) if form.is_valid() else None
    if answer:
        return answer
    title = next(one for source in shown.sources(known) for one in source.items if one.code == code)
    return _page(request, "contraindications/rules/retire.html", form, item=title)


@get_or_post
@catalogue_admin
@on_a_rule_set
def source_add(request: StaffRequest) -> HttpResponse:
    """Propose a document, with how far its list reaches and why."""
    known = vocabulary(drafts.in_the_making())
    form = SourceForm(request.POST or None, known=known, initial={"seen": drafting.seen(None)})
    answer = _document(request, form) if form.is_valid() else None
    return answer or _page(request, "contraindications/rules/source.html", form)


@get_or_post
@proposers
@on_a_rule_set
def settings(request: StaffRequest) -> HttpResponse:
    """Propose other numbers, and what nobody can release."""
    known = vocabulary(drafts.in_the_making())
    now = known.content["settings"]
    form = SettingsForm(request.POST or None, known=known, initial={**now, "seen": drafting.seen(now)})
    answer = _settings(request, form) if form.is_valid() else None
    if answer:
        return answer
    return _page(request, "contraindications/rules/settings.html", form, settings=shown.settings(known))


def _settings(request: StaffRequest, form: SettingsForm) -> HttpResponse | None:
    said, at = _said(form), timezone.now()
    values = form.proposed()
    return _done(
        request, form, lambda: draft_actions.propose_settings(values, by=request.user, at=at, **said)
    )


def _document(request: StaffRequest, form: SourceForm) -> HttpResponse | None:
    return _proposed(request, form, SOURCE, form.cleaned_data["code"], form.proposed())


def _item(known: Vocabulary, code: str) -> dict[str, Any]:
    item = drafting.item_of(known.content, code)
    if item is None:
        raise Http404
    return item


def _item_page(request: StaffRequest, known: Vocabulary, item: dict[str, Any] | None) -> HttpResponse:
    """The form of an item. A button beside a row only adds or takes away a row; nothing is saved by it."""
    form, rows = _item_form(request, known, item), _rows(request, known, item)
    if {"add", "remove"} & set(request.POST):
        form = _unchecked(form, known, item)
        rows = rows.again(add=request.POST.get("add", ""), remove=request.POST.get("remove", ""))
    elif request.method == "POST" and all([form.is_valid(), rows.is_valid()]):
        after, code = form.proposed(rows.when()), item["id"] if item else ""
        after = {"id": code, **after} if item else after
        if answer := _proposed(request, form, CHANGE if item else ADD, code, after):
            return answer
    context = {"rows": rows, "item": item, "kinds": [(kind, row.title) for kind, row in KINDS.items()]}
    return _page(request, "contraindications/rules/item.html", form, **context)


def _item_form(request: StaffRequest, known: Vocabulary, item: dict[str, Any] | None) -> ItemForm:
    initial = {**(item or {}), "seen": drafting.seen(item)}
    fixed = item["source"] if item else ""
    return ItemForm(request.POST or None, known=known, fixed=fixed, initial=initial)


def _unchecked(form: ItemForm, known: Vocabulary, item: dict[str, Any] | None) -> ItemForm:
    typed = {name: form[name].value() for name in form.fields}
    return ItemForm(known=known, fixed=item["source"] if item else "", initial=typed)


def _rows(request: StaffRequest, known: Vocabulary, item: dict[str, Any] | None) -> Rows:
    if request.method == "POST":
        return Rows.posted(request.POST, known)
    return Rows.of(item["when"], known) if item else Rows([], known).again(add="fact")


def _proposed(
    request: StaffRequest, form: ProposalForm, kind: str, code: str, after: Any
) -> HttpResponse | None:
    said, at = _said(form), timezone.now()
    return _done(
        request, form, lambda: draft_actions.propose(kind, code, after, by=request.user, at=at, **said)
    )


def _said(form: ProposalForm) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in ("seen", "reason")}


def _done(request: StaffRequest, form: ProposalForm, propose: Any) -> HttpResponse | None:
    """Back to the draft; None where the form has to be shown again with what is wrong."""
    try:
        propose()
    except ValidationError as error:
        form.add_error(None, error)
        return None
    except ChangedMeanwhile:
        return conflict(
            request,
            _("Somebody has changed this in the draft meanwhile. Nothing was saved: look at it again."),
        )
    messages.success(request, _("Proposed. It counts once a doctor has published the draft."))
    return redirect("rules:draft")


def _page(request: StaffRequest, template: str, form: ProposalForm, **context: Any) -> HttpResponse:
    """The form; 422 where something in it, or in its rows, was refused."""
    rows = context.get("rows")
    wrong = form.is_bound and (form.errors or (rows and (rows.error or any(f.errors for f in rows.forms))))
    return render(request, template, {"form": form, **context}, status=422 if wrong else 200)
