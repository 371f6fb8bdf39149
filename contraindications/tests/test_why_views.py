"""The doors of the why sheet: who may see it, what is logged first, and what the public check gives away."""

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from clinic.models import AccessLog
from clinic.tests.unchanged import nothing_changes
from clinic.typesetting import CannotTypeset
from contraindications.models import Screening
from contraindications.screening import CannotScreen
from contraindications.why import checking, views

HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}
DOORS = ["why", "why_pdf"]


@pytest.fixture(autouse=True)
def nobody_has_asked(db):
    cache.clear()


def door(screening, name="why"):
    return reverse(f"contraindications:{name}", args=[screening.pk])


def check(digest):
    return reverse("check:digest", args=[digest])


def tampered(screening, **changes):
    fields = {f.name: getattr(screening, f.name) for f in Screening._meta.concrete_fields if f.name != "id"}
    return Screening.objects.create(**{**fields, **changes})


# ---- The sheet


@pytest.mark.parametrize("who", ["doctor", "nurse"])
@pytest.mark.parametrize("name", DOORS)
def test_clinical_staff_get_the_sheet_and_leave_a_trace(request, as_, screened, who, name):
    screening = screened(**HERPES)
    answer = as_(request.getfixturevalue(who)).get(door(screening, name))

    assert answer.status_code == 200
    log = AccessLog.objects.get(view=f"contraindications:{name}")
    assert (log.patient_id, log.actor_id) == (screening.patient_id, request.getfixturevalue(who).pk)


def test_the_page_says_all_of_the_sheet(as_, doctor, screened, ana):
    screening = screened(**HERPES)
    page = as_(doctor).get(door(screening))

    for said in (ana.name, "A doctor must decide", "S1, item 6, line 92", screening.digest, "identical."):
        assert said in page.content.decode()
    assert page.content.decode().count("<h3>") == len(page.context["sheet"].parts[0].parts)


def test_the_pdf_comes_as_a_file_whose_name_says_nothing_of_the_patient(as_, doctor, screened):
    screening = screened(**HERPES)
    answer = as_(doctor).get(door(screening, "why_pdf"))

    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="screening-{screening.pk}.pdf"'
    assert answer.content == as_(doctor).get(door(screening, "why_pdf")).content


@pytest.mark.parametrize("who", ["front_desk", "catalogue_admin", "clinic_admin", "stranger"])
@pytest.mark.parametrize("name", DOORS)
def test_nobody_else_gets_it(request, as_, screened, who, name):
    screening = screened(**HERPES)

    assert as_(request.getfixturevalue(who)).get(door(screening, name)).status_code == 403
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("name", DOORS)
def test_a_screening_that_is_not_there_is_not_found_and_posting_is_refused(as_, doctor, screened, name):
    there, browser = door(screened(), name), as_(doctor)

    assert browser.get(reverse(f"contraindications:{name}", args=[10**17])).status_code == 404
    with nothing_changes():
        assert browser.post(there).status_code == 405
        assert browser.head(there).status_code == 200


@pytest.mark.parametrize(("name", "status"), [("why", 200), ("why_pdf", 409)])
def test_a_screening_that_cannot_be_read_says_so(as_, doctor, screened, monkeypatch, name, status):
    def broken(screening):
        raise CannotScreen

    screening = screened()
    monkeypatch.setattr(views, "sheet_of", broken)
    answer = as_(doctor).get(door(screening, name))

    assert answer.status_code == status
    assert b"Cannot screen: do not treat this as clear" in answer.content
    assert b"No listed contraindication" not in answer.content


def test_without_a_pdf_the_page_is_there_and_says_so(as_, doctor, screened, monkeypatch):
    def broken(sheet, at):
        raise CannotTypeset

    screening = screened(**HERPES)
    monkeypatch.setattr(views, "pdf_of", broken)
    answer = as_(doctor).get(door(screening, "why_pdf"))

    assert answer.status_code == 503
    assert b"No PDF could be made just now." in answer.content
    assert screening.digest.encode() in answer.content


def test_a_screening_that_was_tampered_with_says_not_identical(as_, doctor, screened):
    forged = tampered(screened(**HERPES), verdict="clear")

    assert b"NOT identical" in as_(doctor).get(door(forged)).content


def test_the_page_of_the_screening_leads_to_it(as_, doctor, screened):
    screening = screened()
    page = as_(doctor).get(reverse("contraindications:screening", args=[screening.pk])).content.decode()

    assert f'href="{door(screening)}"' in page
    assert f'href="{door(screening, "why_pdf")}"' in page


# ---- The check of a digest


def test_anybody_learns_that_a_digest_is_kept_and_comes_out_the_same(client, screened):
    screening = screened(**HERPES)
    page = client.get(check(screening.digest)).content.decode()

    assert "A screening with this digest is kept here." in page
    assert "Stored 23 Nov 2026 09:30, rule set 1." in page
    assert "Worked out again just now: identical." in page


def test_the_check_gives_away_nothing_clinical_and_nobody(client, screened, ana, doctor):
    ana.name = "Canary Nowak"
    ana.save()
    screening = screened(**HERPES, allergies=["bees"])
    page = client.get(check(screening.digest)).content.decode()

    for secret in (
        "Canary",
        str(doctor),
        "erpes",
        "bees",
        "doctor must decide",
        "S1",
        "ontraindicat",
        f"/{screening.pk}/",
    ):
        assert secret not in page


def test_a_digest_that_nobody_knows_is_not_kept(client, screened):
    screened()
    answer = client.get(check("0" * 64))

    assert answer.status_code == 200
    assert b"No screening with this digest is kept here." in answer.content


def test_a_record_that_was_tampered_with_is_not_identical(client, screened):
    forged = tampered(screened(**HERPES), verdict="clear", digest="ab" * 32)
    page = client.get(check(forged.digest)).content.decode()

    assert "NOT identical" in page
    assert "just now: identical" not in page


def test_of_two_screenings_with_one_digest_the_forged_one_shows(client, screened):
    screening = screened(**HERPES)
    tampered(screening, verdict="clear")
    page = client.get(check(screening.digest)).content.decode()

    assert ("NOT identical" in page, "just now: identical" in page) == (True, True)


def test_the_check_only_looks(client, screened):
    screening = screened()
    with nothing_changes():
        assert client.head(check(screening.digest)).status_code == 200
        for address in (check(screening.digest), reverse("check:form")):
            assert client.post(address).status_code == 405


@pytest.mark.parametrize(
    "bad", ["x", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 63 + "%00", "%F0%9F%98%80"]
)
def test_what_is_no_digest_is_not_found(client, db, bad):
    assert client.get(f"/check/{bad}/").status_code in (400, 404)


def test_a_digest_copied_from_paper_is_found(client, screened):
    digest = screened().digest
    copied = " ".join(digest[n : n + 8] for n in range(0, 64, 8)).upper() + "\r\n"
    answer = client.get(reverse("check:form"), {"digest": copied})

    assert (answer.status_code, answer["Location"]) == (302, check(digest))


@pytest.mark.parametrize("typed", ["abc", "g" * 64, "0" * 65, "<script>", "#" * 500])
def test_what_was_typed_wrongly_is_said_so_and_kept(client, db, typed):
    answer = client.get(reverse("check:form"), {"digest": typed})

    assert answer.status_code == 422
    assert b"A digest has " in answer.content
    assert answer.context["text"] == typed[:200]
    assert b"<script>" not in answer.content


def test_a_machine_that_tries_is_told_to_wait(client, db, monkeypatch):
    monkeypatch.setattr(checking, "A_MINUTE", 3)
    with time_machine.travel("2026-11-23 09:30", tick=False) as clock:
        statuses = [client.get(check("0" * 64)).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        clock.shift(61)
        assert client.get(check("0" * 64)).status_code == 200


def test_many_screenings_of_one_digest_ask_no_more_questions(client, screened, django_assert_max_num_queries):
    screening = screened()
    client.get(check(screening.digest))
    with django_assert_max_num_queries(20) as few:
        client.get(check(screening.digest))
    for _ in range(12):
        tampered(screening)
    with django_assert_max_num_queries(len(few)):
        page = client.get(check(screening.digest)).content.decode()
    assert page.count("just now: identical") == checking.MOST
