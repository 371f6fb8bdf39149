"""A day on paper: what each reader finds on it, as a page and as a PDF."""

import datetime as dt
import io

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import AccessLog
from clinic.typesetting import CannotTypeset
from conftest import NOW
from patients.models import Patient
from patients.tests.factories import interview
from treatments.schedule.away import absences
from treatments.schedule.models import Device, DeviceKind, Requirement
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away, closed
from treatments.schedule.views import sheets

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


@pytest.fixture
def sessions(doctor):
    factories.working_hours(doctor)
    booked = factories.booked(factories.confirmed_course(by=doctor), factories.room(), practitioner=doctor)
    Patient.objects.update(phone="+48221234567")
    return booked


@pytest.fixture
def asked(sessions):
    return f"?day={sessions[0].starts_at:%Y-%m-%d}"


def reader(answer):
    return pypdf.PdfReader(io.BytesIO(answer.content))


def printed(answer):
    text = "".join(page.extract_text() for page in reader(answer).pages)
    return "".join(text.replace("\u200b", "").replace("\u00ad", "").split())


def squeezed(text):
    return "".join(text.split())


def both(browser, asked):
    """What the page and the PDF say, without spaces."""
    page = browser.get(f"/schedule/sheet/{asked}").content.decode()
    return [squeezed(page), printed(browser.get(f"/schedule/sheet.pdf{asked}"))]


def test_who_treats_reads_when_whom_what_where(as_, doctor, sessions, asked):
    course = sessions[0].course
    for said in both(as_(doctor), asked):
        for words in ("10:00–11:15", course.patient.name, str(course), "Room 1", "Booked", "1 session"):
            assert squeezed(words) in said


def test_the_front_desk_reads_a_telephone_number_and_nothing_clinical(as_, front_desk, sessions, asked):
    course = sessions[0].course
    for said in both(as_(front_desk), asked):
        assert squeezed(course.patient.name) in said
        assert squeezed("+48 22 123 45 67") in said
        for words in (str(course), course.goal.label, course.area.label, course.technique.label):
            assert squeezed(words) not in said


def test_that_a_session_is_held_is_said_in_words_and_not_why(as_, front_desk, doctor, sessions, asked):
    interview(sessions[0].course.patient, by=doctor, answers={"pregnancy": "current"})
    for said in both(as_(front_desk), asked):
        assert "Held,Booked" in said
        assert "pregnan" not in said


def test_it_says_when_it_was_printed_and_by_whom(as_, front_desk, sessions, asked):
    for said in both(as_(front_desk), asked):
        assert squeezed("Printed 23 Nov 2026, 09:30 by Felicja") in said


def test_it_says_who_is_away_and_when_it_is_closed(as_, doctor, nurse, clinic_admin, sessions, asked):
    day = sessions[0].starts_at.date()
    away(nurse, *absences.days_span(day, day), by=clinic_admin)
    closed(*absences.days_span(day, day), by=clinic_admin)
    for said in both(as_(doctor), asked):
        assert squeezed("Natalia: away") in said
        assert squeezed("Clinic closed") in said


def test_by_room_each_room_has_its_table_and_the_practitioner_stands_in_it(as_, doctor, asked, sessions):
    for said in both(as_(doctor), f"{asked}&by=room"):
        assert said.index("Room1") < said.index("10:00")
        assert "Practitioner" in said


def test_by_device_each_has_a_table_with_who_and_where_and_what_needs_none_is_left_out(
    as_, doctor, sessions, asked
):
    course = factories.confirmed_course(by=doctor, sessions=1)
    kind = DeviceKind.objects.create(name="Gun")
    Device.objects.create(kind=kind, name="Gun 1")
    for said in both(as_(doctor), f"{asked}&by=device"):
        assert squeezed("No session with a device on this day.") in said
    Requirement.objects.create(technique=course.technique, kind=kind)
    factories.booked(course, sessions[0].room, practitioner=doctor, hour=14)
    for said in both(as_(doctor), f"{asked}&by=device"):
        assert said.index("Gun1") < said.index("14:00–15:15")
        assert squeezed("Dorota, Room 1") in said
        assert "10:00" not in said


def test_an_empty_day_says_so(as_, front_desk):
    for said in both(as_(front_desk), "?day=2026-11-29"):
        assert squeezed("No session on this day.") in said


def test_the_pdf_is_tagged_dated_and_names_no_patient_in_its_metadata(as_, doctor, sessions, asked):
    answer = as_(doctor).get(f"/schedule/sheet.pdf{asked}")
    document = reader(answer)
    root = document.trailer["/Root"]

    assert root["/MarkInfo"]["/Marked"].value is True
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert document.metadata.creation_date == NOW.astimezone(dt.UTC)
    assert sessions[0].course.patient.name not in str(document.metadata)
    assert 'filename="day-2026-11-24.pdf"' in answer["Content-Disposition"]


@pytest.mark.parametrize("name", ["#evil[*bold*] $x^2$", '"); #read("/etc/passwd")', "<b>Ana</b> & \\u{41}"])
def test_a_hostile_name_is_text(as_, doctor, sessions, asked, name):
    Patient.objects.update(name=name)
    assert squeezed(name) in printed(as_(doctor).get(f"/schedule/sheet.pdf{asked}"))
    assert "<b>Ana" not in as_(doctor).get(f"/schedule/sheet/{asked}").content.decode()


def test_where_no_pdf_can_be_made_the_page_says_so(as_, doctor, sessions, asked, monkeypatch):
    def broken(*_args, **_named):
        raise CannotTypeset

    monkeypatch.setattr(sheets, "typeset", broken)
    answer = as_(doctor).get(f"/schedule/sheet.pdf{asked}")
    assert answer.status_code == 503
    assert sessions[0].course.patient.name in answer.content.decode()


@pytest.mark.parametrize("path", ["sheet/", "sheet.pdf"])
def test_every_patient_on_it_is_logged_as_read(as_, front_desk, sessions, asked, path):
    as_(front_desk).get(f"/schedule/{path}{asked}")
    row = AccessLog.objects.get()
    assert (row.actor_id, row.patient_id, row.listed) == (front_desk.pk, sessions[0].course.patient_id, True)


@pytest.mark.parametrize("path", ["sheet/", "sheet.pdf"])
def test_it_is_for_who_books(as_, clinic_admin, doctor, path):
    assert as_(clinic_admin).get(f"/schedule/{path}").status_code == 403
    assert as_(doctor).post(f"/schedule/{path}").status_code == 405
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("path", ["sheet/", "sheet.pdf"])
@pytest.mark.parametrize("asked", ["?day=nothing", "?day=0001-01-01", "?by=moon", "?day=9999-12-31"])
def test_a_day_that_is_none_is_refused_in_words(as_, doctor, path, asked):
    assert as_(doctor).get(f"/schedule/{path}{asked}").status_code == 422


def test_a_longer_day_asks_no_more_questions(as_, doctor, sessions, asked):
    def questions():
        with CaptureQueriesContext(connection) as queries:
            as_(doctor).get(f"/schedule/sheet/{asked}")
        return len(queries)

    questions()
    before = questions()
    course = factories.confirmed_course(by=doctor)
    factories.booked(course, sessions[0].room, practitioner=doctor, hour=14)
    assert questions() == before


def test_the_day_page_leads_to_it(as_, front_desk, asked, sessions):
    assert f"/schedule/sheet/{asked}" in as_(front_desk).get(f"/schedule/{asked}").content.decode()
