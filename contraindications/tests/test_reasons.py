"""The clinic's own list of reasons: who edits it, and what cannot be."""

import pytest
from django.urls import reverse

from clinic.tests.unchanged import nothing_changes
from contraindications.models import DecisionReason

LIST, ADD = reverse("contraindications:reasons"), reverse("contraindications:reason_add")


def door(reason):
    return reverse("contraindications:reason_edit", args=[reason.pk])


@pytest.fixture
def mild(db):
    return DecisionReason.objects.get(code="mild")


def form(reason=None, **changes):
    saved = {"label": "Letter seen", "kinds": ["decide"], "position": "5", "version": "1"}
    if reason:
        saved = {
            "label": reason.label,
            "kinds": reason.kinds,
            "position": reason.position,
            "version": reason.version,
        }
    return {**saved, **changes}


def test_a_reason_is_added_and_offered(as_, clinic_admin):
    assert as_(clinic_admin).post(ADD, form())["Location"] == LIST
    reason = DecisionReason.objects.get(label="Letter seen")
    assert (reason.code, DecisionReason.objects.offered("decide").first()) == ("letter-seen", reason)
    assert reason not in DecisionReason.objects.offered("release")
    assert b"Letter seen" in as_(clinic_admin).get(LIST).content


def test_two_reasons_that_would_be_coded_alike_are_two(as_, clinic_admin):
    browser = as_(clinic_admin)
    for label in ("Letter seen", "Letter, seen", "信を見た"):
        assert browser.post(ADD, form(label=label)).status_code == 302
    codes = DecisionReason.objects.exclude(position__gte=10).values_list("code", flat=True)
    assert len(set(codes)) == 3


def test_a_reason_is_reworded_retired_and_taken_back(as_, clinic_admin, mild):
    browser = as_(clinic_admin)
    browser.post(door(mild), form(mild, label="Mild", retired="on"))
    mild.refresh_from_db()
    assert (mild.label, mild.retired, mild.code, mild.version) == ("Mild", True, "mild", 2)
    assert b"retired" in browser.get(LIST).content
    browser.post(door(mild), form(mild))
    mild.refresh_from_db()
    assert not mild.retired
    assert mild.events.count() >= 2


def test_a_kind_of_decision_keeps_at_least_one_reason(as_, clinic_admin, mild):
    DecisionReason.objects.exclude(pk=mild.pk).update(kinds=["acknowledge"])
    browser = as_(clinic_admin)
    with nothing_changes():
        for change in ({"retired": "on"}, {"kinds": ["acknowledge", "release"]}):
            answer = browser.post(door(mild), form(mild, **change))
            assert (answer.status_code, b"leave it at least one reason" in answer.content) == (422, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": ""},
        {"label": "x" * 121},
        {"label": "a\0"},
        {"label": "Examined: not present today"},
        {"kinds": []},
        {"kinds": ["shrug"]},
        {"position": "-1"},
        {"position": "9" * 30},
        {"version": ""},
        {"version": "9" * 30},
    ],
    ids=str,
)
def test_what_cannot_be_is_said(as_, clinic_admin, mild, wrong):
    browser = as_(clinic_admin)
    with nothing_changes():
        assert browser.post(door(mild), form(mild, **wrong)).status_code in (400, 422)
        if "version" not in wrong:
            assert browser.post(ADD, form(**wrong)).status_code in (400, 422)


def test_whoever_comes_second_is_told_and_loses_nothing(as_, clinic_admin, mild):
    browser = as_(clinic_admin)
    browser.post(door(mild), form(mild, label="Mild"))
    answer = browser.post(door(mild), form(mild, label="Weak", kinds=["decide"]))
    assert answer.status_code == 409
    assert b'value="Weak"' in answer.content
    assert b'name="version" value="2"' in answer.content
    assert DecisionReason.objects.get(pk=mild.pk).label == "Mild"


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk", "catalogue_admin", "stranger"])
def test_nobody_else_edits_them(request, as_, mild, who):
    browser = as_(request.getfixturevalue(who))
    with nothing_changes():
        for url in (LIST, ADD, door(mild)):
            assert browser.get(url).status_code == 403
            assert browser.post(url, form(mild, label="Mine")).status_code in (403, 405)


def test_wrong_methods_and_bad_ids(as_, clinic_admin):
    browser = as_(clinic_admin)
    assert browser.post(LIST).status_code == 405
    assert browser.put(ADD).status_code == 405
    assert browser.get(reverse("contraindications:reason_edit", args=[10**17])).status_code == 404
