"""What to mind before and after a session, on the page behind the link."""

import datetime as dt
import re

import pytest

from clinic.models import Clinic
from conftest import NOW
from contraindications.models import Screening
from patients.models import Patient
from treatments.catalogue.models import CareRule
from treatments.courses.tests.factories import cleared_patient, course
from treatments.reminders.tests import letters
from treatments.reminders.tests.letters import Phone
from treatments.schedule.models import Session
from treatments.schedule.tests import factories
from treatments.visits.models import Visit

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
SCALP = {"goal": "hair_loss", "area": "scalp"}
# Ten o'clock in the clinic; the session really ends at 11:10.
ENDED = dt.datetime(2026, 11, 24, 11, 10, tzinfo=NOW.tzinfo)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)
    Clinic.objects.update_or_create(pk=1, defaults={"few_days_hours": 60})


@pytest.fixture
def session(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    who = cleared_patient(by=doctor, name="Anna Nowak", email="ana@mail.example")
    row = course(by=doctor, patient=who, sessions=1, ingredients=[], **SCALP)
    return factories.booked(row, factories.room(), practitioner=doctor)[0]


@pytest.fixture
def performed(session, doctor):
    """The session took place, straight into the table."""
    Session.objects.filter(pk=session.pk).update(state="performed")
    Visit.objects.create(
        session=session,
        performed_at=ENDED,
        performed_by=doctor,
        cocktail=[],
        screening=Screening.objects.latest("pk"),
        recorded_at=ENDED,
    )
    return session


def page_of(session, at=NOW):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", Phone(letters.of_session(session), at=at).page()))


def test_before_a_session_all_rules_are_there_with_their_sources(session):
    page = page_of(session)
    assert "Before your session" in page
    assert "No hair dyeing on the day S3 63" in page
    assert "Tell us about allergies and intolerances S3 64" in page
    assert "After your session" not in page


def test_after_it_each_is_allowed_again_counted_from_its_real_end(performed, time_machine):
    time_machine.move_to(ENDED + HOUR, tick=False)
    page = page_of(performed, at=ENDED + HOUR)
    assert "From Thursday 26 November, 11:10 you may again:" in page  # 48 hours: sun
    assert "Before your session" not in page


def test_the_longest_rule_wins_and_the_clinics_number_is_marked(performed, time_machine):
    time_machine.move_to(ENDED + HOUR, tick=False)
    page = page_of(performed, at=ENDED + HOUR)
    sauna = page.index("Sauna") if "Sauna" in page else page.lower().index("sauna")
    moment = page.rindex("From ", 0, sauna)
    assert page[moment:].startswith("From Thursday 26 November, 23:10")  # 60 hours, not the pool's 24
    assert "This number is our clinic’s" in page[sauna:]


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        (
            "de",
            "Am Tag des Termins die Haare nicht färben S3 63",
            "Ab Donnerstag, 26. November, 11:10 wieder erlaubt:",
        ),
        ("pl", "W dniu wizyty nie farbować włosów S3 63", "Od 26 listopada (czwartek), 11:10 znów wolno:"),
    ],
)
def test_care_rules_are_read_in_the_language_of_the_patient(
    session, performed, language, before, after, time_machine
):
    Patient.objects.update(language=language)
    Session.objects.update(state="booked")
    assert before in page_of(session)
    Session.objects.update(state="performed")
    time_machine.move_to(ENDED + HOUR, tick=False)
    page = page_of(session, at=ENDED + HOUR)
    assert after in page
    for secret in ("kopfhaut", "kopfmassage", "głowy"):
        assert secret not in page.lower()


def test_a_rule_that_is_not_translated_is_read_in_english_and_never_blank(session):
    Patient.objects.update(language="de")
    CareRule.objects.filter(code="no_hair_dye").update(translations={"pl": "Nie farbować"})
    assert "No hair dyeing on the day S3 63" in page_of(session)


def test_what_is_over_is_said_to_be_over(performed, time_machine):
    time_machine.move_to(ENDED + 49 * HOUR, tick=False)
    assert "You may again:" in page_of(performed, at=ENDED + 49 * HOUR)


def test_nothing_says_what_was_treated_or_how_or_with_what(session, performed, time_machine):
    for at in (NOW, ENDED + HOUR):
        time_machine.move_to(at, tick=False)
        page = page_of(session, at=at).lower()
        for secret in ("scalp", "needle", "mesotherapy", str(session.course.goal).lower(), "vitamin"):
            assert secret not in page, secret
