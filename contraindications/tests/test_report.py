"""The report of decisions: what is counted, what is asked, who may see it, and the file."""

import csv
import datetime as dt

import pytest
from django.urls import reverse

from clinic.models import AccessLog
from contraindications import actions
from contraindications.deciding.reporting import harmless

REPORT, FILE = reverse("contraindications:report"), reverse("contraindications:report_csv")
ANSWERS = {"herpes": {"state": "ended", "until": "2026-11-20"}, "stroke": "current"}


@pytest.fixture
def decided(screened, doctor, nurse, at):
    """The doctor on the hold, the nurse on the caution, a day later the doctor again, against."""
    screening = screened(**ANSWERS)

    def decide(by, kind, item, reason, days, goes_ahead=True, text="=1+1"):
        return actions.decide(
            screening,
            kind=kind,
            goes_ahead=goes_ahead,
            items=[item],
            reason=reason,
            text=text,
            by=by,
            at=at + dt.timedelta(days),
        )

    return [
        decide(doctor, "decide", "S1-C06", "mild", 0),
        decide(nurse, "acknowledge", "S4-C03", "informed", 0),
        decide(doctor, "decide", "S1-C06", "other", 1, goes_ahead=False, text="No."),
    ]


def counted(answer):
    return {
        name: [(one.label, one.count) for one in answer.context[name]]
        for name in ("people", "reasons", "items")
    }


def test_decisions_are_counted_by_person_reason_and_item(as_, doctor, decided):
    answer = as_(doctor).get(REPORT)
    assert counted(answer) == {
        "people": [("Dorota", 2), ("Natalia", 1)],
        "reasons": [
            ("Mild or stable, benefit outweighs", 1),
            ("Other (say which)", 1),
            ("Patient informed, will be watched closely", 1),
        ],
        "items": [("herpes, active or past not stated", 2), ("history of stroke", 1)],
    }
    assert [row.pk for row, _items in answer.context["rows"]] == [one.pk for one in reversed(decided)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param({"since": "2026-11-24"}, {2}, id="from"),
        pytest.param({"until": "2026-11-23"}, {0, 1}, id="until"),
        pytest.param({"reason": "mild"}, {0}, id="reason"),
        pytest.param({"item": "S4-C03"}, {1}, id="item"),
        pytest.param({"kind": "decide"}, {0, 2}, id="kind"),
        pytest.param({"item": "S9"}, set(), id="nothing"),
        pytest.param({"person": ""}, {0, 1, 2}, id="everybody"),
    ],
)
def test_what_is_asked_is_shown(as_, doctor, decided, asked, found):
    answer = as_(doctor).get(REPORT, asked)
    assert {row.pk for row, _items in answer.context["rows"]} == {decided[i].pk for i in found}


def test_the_decisions_of_one_person(as_, doctor, nurse, decided):
    answer = as_(doctor).get(REPORT, {"person": nurse.pk})
    assert counted(answer)["people"] == [("Natalia", 1)]


def test_the_file_holds_the_same_and_no_formula(as_, doctor, decided, ana):
    ana.name = "@Ana"
    ana.save()
    answer = as_(doctor).get(FILE, {"kind": "decide"})
    assert answer["Content-Disposition"] == 'attachment; filename="decisions.csv"'
    head, *rows = csv.reader(answer.content.decode().splitlines())
    assert head[:3] == ["When", "Who", "Patient"]
    assert [(row[0], row[1], row[2], row[4], row[6]) for row in rows] == [
        ("2026-11-24 09:30", "Dorota", "'@Ana", "do not go ahead", "No."),
        ("2026-11-23 09:30", "Dorota", "'@Ana", "go ahead", "'=1+1"),
    ]
    assert rows[0][7] == "S1-C06 herpes, active or past not stated"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_what_a_spreadsheet_would_compute_is_text(cell):
    assert harmless(cell) == f"'{cell}"
    assert harmless(f"a{cell}") == f"a{cell}"


def test_who_reads_the_report_is_logged_for_each_patient(as_, doctor, decided, ana):
    browser = as_(doctor)
    for url, view in ((REPORT, "report"), (FILE, "report_csv")):
        browser.get(url)
        assert AccessLog.objects.get(view=f"contraindications:{view}").patient_id == ana.pk


@pytest.mark.parametrize("who", ["nurse", "front_desk", "catalogue_admin", "clinic_admin", "stranger"])
def test_only_doctors_read_it(request, as_, decided, who):
    browser = as_(request.getfixturevalue(who))
    assert {browser.get(url).status_code for url in (REPORT, FILE)} == {403}


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "x"},
        {"until": "9999-99-99"},
        {"person": "9" * 30},
        {"reason": "?"},
        {"kind": "x"},
        {"item": "a\0"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_said(as_, doctor, decided, asked):
    for url in (REPORT, FILE):
        assert as_(doctor).get(url, asked).status_code in (400, 422)
        assert as_(doctor).post(url).status_code == 405


def test_without_decisions_it_says_so(as_, doctor, catalogue):
    assert b"Nothing was decided" in as_(doctor).get(REPORT).content


def test_a_longer_report_asks_no_more_questions(
    as_, doctor, decided, screened, at, django_assert_max_num_queries
):
    browser = as_(doctor)
    browser.get(REPORT)

    def queries():
        with django_assert_max_num_queries(40) as asked:
            browser.get(REPORT)
        return len(asked)

    few = queries()
    screening = screened(**ANSWERS, nsaid="current")
    for kind, item in (("release", "S1-C02"), ("acknowledge", "S4-C03"), ("decide", "S1-C06")):
        actions.decide(
            screening,
            kind=kind,
            goes_ahead=True,
            items=[item],
            reason="clarified",
            text="Yes.",
            by=doctor,
            at=at,
        )
    assert queries() == few
