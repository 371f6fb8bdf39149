"""Finding, registering and editing patients."""

import datetime as dt
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic import events
from clinic.models import AccessLog
from clinic.tests.thorough import examples
from conftest import NOW
from patients import searching
from patients.actions import AlreadyRegistered, register_patient
from patients.events import FactsChanged, PatientChanged
from patients.models import Patient
from patients.tests.factories import patient

LIST, NEW = "/patients/", "/patients/new/"
HTMX = {"HX-Request": "true"}
PERSON = {
    "name": "Zofia Wiśniewska",
    "birth_date": "1979-03-04",
    "sex": "female",
    "phone": "601 234 567",
    "email": "zofia@example.org",
    "reminders": "on",
    "channel": "email",
    "language": "en",
}


def typed(**fields):
    return {**PERSON, "key": str(uuid4()), **fields}


def names(found):
    return {p.name for p in found}


# Search


@pytest.fixture
def crowd(nurse):
    return [
        patient(by=nurse, name="Łucja Żółć-Nowak", phone="+48601234567", birth_date=dt.date(1989, 5, 2)),
        patient(by=nurse, name="Seán O’Brien", phone="+353861234567", birth_date=dt.date(1960, 12, 31)),
        patient(by=nurse, name="نور الهدى", birth_date=dt.date(1999, 1, 1)),
        patient(by=nurse, name="Иван Ёлкин", birth_date=dt.date(1955, 7, 9)),
        patient(by=nurse, name="100% Real_Name", birth_date=dt.date(2000, 2, 29)),
    ]


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        pytest.param("lucja", "Łucja Żółć-Nowak", id="without accents"),
        pytest.param("ŻÓŁĆ", "Łucja Żółć-Nowak", id="capital accents"),
        pytest.param("now luc", "Łucja Żółć-Nowak", id="beginnings in any order"),
        pytest.param("zolc-nowak", "Łucja Żółć-Nowak", id="hyphen"),
        pytest.param("601 234 567", "Łucja Żółć-Nowak", id="phone without country code"),
        pytest.param("+48 601-234-567", "Łucja Żółć-Nowak", id="phone with country code"),
        pytest.param("0048601234567", "Łucja Żółć-Nowak", id="phone with 00"),
        pytest.param("nowak 601234", "Łucja Żółć-Nowak", id="name and part of the phone"),
        pytest.param("1989-05-02", "Łucja Żółć-Nowak", id="ISO date"),
        pytest.param("02.05.1989", "Łucja Żółć-Nowak", id="dotted date"),
        pytest.param("2/5/1989", "Łucja Żółć-Nowak", id="slashed date"),
        pytest.param("2.5.89 nowak", "Łucja Żółć-Nowak", id="short year and name"),
        pytest.param("1989", "Łucja Żółć-Nowak", id="year"),
        pytest.param("12/31/1960", "Seán O’Brien", id="month first where only that is a date"),
        pytest.param("obrien", None, id="a word is not glued together"),
        pytest.param("o'brien", "Seán O’Brien", id="another apostrophe"),
        pytest.param("sean", "Seán O’Brien", id="accent left out"),
        pytest.param("نور", "نور الهدى", id="arabic"),
        pytest.param("ЕЛКИН", "Иван Ёлкин", id="cyrillic"),
        pytest.param("100%", "100% Real_Name", id="percent is a character"),
        pytest.param("real_", "100% Real_Name", id="underscore is a character"),
        pytest.param("re%name", None, id="percent is no wildcard"),
        pytest.param("r_al", None, id="underscore is no wildcard"),
        pytest.param("owak", None, id="not the middle of a word"),
        pytest.param("nowak 1960", None, id="every part must be there"),
        pytest.param("\\", None, id="backslash"),
    ],
)
def test_search_finds(crowd, text, finds):
    assert names(Patient.objects.found_by(text)) == ({finds} if finds else set())


def test_search_parts_are_few_and_short():
    assert len(searching.parts("a " * 5000)) == searching.MOST_PARTS
    assert all(len(part) <= searching.MOST_TEXT + 1 for part in searching.parts("a" * 5000))


@pytest.mark.slow
def test_search_among_ten_thousand_is_one_query_by_an_index(nurse, django_assert_num_queries):
    first = ["Ana", "Łukasz", "Zofia", "Piotr", "Ewa", "Jan", "Maria", "Oleh", "Nur", "Chloé"]
    last = [f"{a}{b}{c}ski" for a in "BKNW" for b in "aeiou" for c in ("lin", "row", "nec", "wal", "mar")]
    Patient.objects.bulk_create(
        Patient(
            name=f"{first[i % 10]} {last[i // 10 % 100]} {i}",
            birth_date=dt.date(1940, 1, 1) + dt.timedelta(days=i * 2),
            sex="female",
            phone=f"+48{600000000 + i * 7919}",
            created_at=NOW,
            created_by=nurse,
        )
        for i in range(10_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE patients_patient")
    few = ["lukasz balin", "601 234", "1989-05-02", "ana kerow 12", "nobody"]
    for text in [*few, "a", "ana", "6"]:
        asked = Patient.objects.found_by(text)[:21]
        plan = asked.explain()
        assert "Seq Scan" not in plan, (
            text,
            plan,
        )  # which index serves a broad search is the planner's choice
        assert text not in few or "patient_search_by_parts" in plan, (text, plan)
        with django_assert_num_queries(1):
            list(asked)


def test_search_page_lists_at_most_twenty_and_says_that_there_are_more(as_, front_desk):
    for _ in range(21):
        patient(by=front_desk, name="Jan Kowalski")
    response = as_(front_desk).post(LIST, {"q": "kowal"}, follow=True)
    assert len(response.context["found"]) == 20
    assert "there are more" in response.content.decode()


def test_htmx_gets_the_list_alone(as_, front_desk):
    ana = patient(by=front_desk, name="Jan Kowalski")
    page = as_(front_desk).post(LIST, {"q": "kowal"}, headers=HTMX).content.decode()
    assert "<html" not in page
    assert ana.get_absolute_url() in page


def test_nothing_typed_shows_those_opened_last_newest_first(as_, front_desk, nurse):
    one, two, never = (patient(by=front_desk) for _ in range(3))
    for person in (one, two, one):
        as_(front_desk).get(person.get_absolute_url())
    as_(nurse).get(never.get_absolute_url())
    assert as_(front_desk).get(LIST).context["found"] == [one, two]


def test_a_longer_list_asks_no_more_questions(as_, front_desk):
    browser = as_(front_desk)
    browser.get(LIST)  # the first request also opens the session

    def questions():
        patient(by=front_desk, name="Jan Kowalski")
        with CaptureQueriesContext(connection) as asked:
            browser.post(LIST, {"q": "kowal"}, follow=True)
        return len(asked)

    assert questions() == questions()


def test_results_are_no_reads_and_opening_is_one(as_, front_desk):
    jan = patient(by=front_desk, name="Jan Kowalski")
    as_(front_desk).post(LIST, {"q": "kowal"}, follow=True)
    assert not AccessLog.objects.exists()
    as_(front_desk).get(jan.get_absolute_url())
    assert AccessLog.objects.get().patient_id == jan.pk


@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.text(max_size=300) | st.from_regex(r"[-+0-9./ ()%_\\]{1,40}"))
def test_search_takes_any_text(as_, front_desk, text):
    assert as_(front_desk).post(LIST, {"q": text}, follow=True).status_code in (200, 400)


# Register


def test_register_makes_a_patient_and_goes_to_the_page(as_, front_desk):
    response = as_(front_desk).post(NEW, typed())
    made = Patient.objects.get()
    assert response.url == made.get_absolute_url()
    assert (made.name, made.phone, made.created_by) == ("Zofia Wiśniewska", "+48601234567", front_desk)


@pytest.mark.parametrize(
    "name",
    [
        "Sukarno",
        "x" * 200,
        "نور الهدى",
        "רות בן־דוד",
        "Conchúr O’Néill",
        "王小明",
        "  Ana \t Nowak\r\n",
        "D'Arc",
    ],
)
def test_names_from_everywhere_are_kept(as_, front_desk, name):
    as_(front_desk).post(NEW, typed(name=name))
    assert Patient.objects.get().name == " ".join(name.split())


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " \u200b "},
        {"name": "x" * 201},
        {"birth_date": "2126-01-01"},
        {"birth_date": "1899-12-31"},
        {"birth_date": "31.02.1990"},
        {"birth_date": ""},
        {"sex": ""},
        {"sex": "robot"},
        {"phone": "12"},
        {"phone": "not a phone"},
        {"email": "nobody"},
        {"note": "x" * 501},
        {"key": "not-a-key"},
        {"key": ""},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_in_place_and_kept(as_, front_desk, wrong):
    response = as_(front_desk).post(NEW, typed(**wrong))
    assert response.status_code == 422
    assert "zofia@example.org" in response.content.decode() or "email" in wrong
    assert not Patient.objects.exists()


def test_a_nul_byte_is_a_bad_request(as_, front_desk):
    assert as_(front_desk).post(NEW, typed(name="Zo\x00fia")).status_code == 400
    assert not Patient.objects.exists()


def test_the_same_form_sent_twice_is_one_patient(as_, front_desk):
    form = typed()
    first, second = (as_(front_desk).post(NEW, form) for _ in range(2))
    assert first.url == second.url
    assert Patient.objects.count() == 1


def test_a_form_brought_back_and_filled_in_anew_registers_nobody_unasked(as_, front_desk):
    form = typed()
    as_(front_desk).post(NEW, form)
    other = {**form, "name": "Jan Kot", "birth_date": "1950-01-01", "phone": "", "email": "jan@example.org"}
    response = as_(front_desk).post(NEW, other)
    assert response.status_code == 409
    again = as_(front_desk).post(NEW, {**other, "key": response.context["form"]["key"].value()})
    assert again.status_code == 302
    assert Patient.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_twice_at_once_is_one_patient(nurse):
    key, start, made = uuid4(), Barrier(4), []
    fields = {"name": "Zofia", "birth_date": dt.date(1979, 3, 4), "sex": "female"}

    def attempt():
        start.wait()
        try:
            made.append(register_patient(fields=fields, key=key, by=nurse, at=NOW).pk)
        finally:
            connection.close()

    threads = [Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [Patient.objects.get().pk] * 4


def test_a_key_of_somebody_else_registers_nobody(nurse):
    key = uuid4()
    fields = {"name": "Zofia", "birth_date": dt.date(1979, 3, 4), "sex": "female"}
    register_patient(fields=fields, key=key, by=nurse, at=NOW)
    with pytest.raises(AlreadyRegistered):
        register_patient(fields={**fields, "name": "Jan"}, key=key, by=nurse, at=NOW)
    assert Patient.objects.count() == 1


# Likely duplicates


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({"name": "Zofja Wisniewska"}, id="same day, similar name"),
        pytest.param({"name": "Wiśniewska Zofia"}, id="same day, other order"),
        pytest.param(
            {"name": "Jan Kot", "birth_date": dt.date(1950, 1, 1), "phone": "+48601234567"}, id="phone"
        ),
        pytest.param(
            {"name": "Jan Kot", "birth_date": dt.date(1950, 1, 1), "email": "Zofia@Example.org"}, id="e-mail"
        ),
    ],
)
def test_a_likely_duplicate_is_shown_before_anything_is_made(as_, front_desk, there):
    known = patient(by=front_desk, **{"birth_date": dt.date(1979, 3, 4), **there})
    form = typed()
    response = as_(front_desk).post(NEW, form)
    assert response.status_code == 409
    assert known.get_absolute_url() in response.content.decode()
    assert Patient.objects.count() == 1
    assert as_(front_desk).post(NEW, {**form, "not_the_same": [known.pk]}).status_code == 302
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({"name": "Piotr Kowal", "birth_date": dt.date(1979, 3, 4)}, id="same day, other name"),
        pytest.param(
            {"name": "Zofia Wiśniewska", "birth_date": dt.date(1979, 3, 5)}, id="same name, other day"
        ),
        pytest.param(
            {"name": "Jan", "birth_date": dt.date(1950, 1, 1), "phone": "", "email": ""}, id="no contact"
        ),
    ],
)
def test_other_people_are_no_duplicates(as_, front_desk, there):
    patient(by=front_desk, **there)
    assert as_(front_desk).post(NEW, typed()).status_code == 302


def test_a_duplicate_that_was_not_shown_is_still_told(as_, front_desk):
    known = patient(by=front_desk, name="Zofia Wisniewska", birth_date=dt.date(1979, 3, 4))
    assert as_(front_desk).post(NEW, typed(not_the_same=[known.pk + 1])).status_code == 409


def test_duplicates_are_one_question(front_desk, django_assert_num_queries):
    with django_assert_num_queries(1):
        list(
            Patient.objects.likely_duplicates(
                name="Ana", birth_date=dt.date(1979, 3, 4), phone="+48601234567", email="a@b.pl"
            )
        )


# Edit


@pytest.fixture
def zofia(front_desk):
    return patient(
        by=front_desk,
        name="Zofia Wiśniewska",
        birth_date=dt.date(1979, 3, 4),
        phone="+48601234567",
        email="zofia@example.org",
    )


def edited(person, **fields):
    return {**PERSON, "version": person.version, **fields}


def test_edit_saves_and_announces(as_, front_desk, zofia, monkeypatch):
    heard = []
    for kind in (PatientChanged, FactsChanged):
        monkeypatch.setitem(events._listeners, kind, [heard.append])
    as_(front_desk).post(f"/patients/{zofia.pk}/edit/", edited(zofia, phone="602 000 111"))
    zofia.refresh_from_db()
    assert (zofia.phone, zofia.version) == ("+48602000111", 2)
    assert [type(e) for e in heard] == [PatientChanged]


def test_another_date_of_birth_is_another_fact_for_screening(as_, front_desk, zofia, monkeypatch):
    heard = []
    monkeypatch.setitem(events._listeners, FactsChanged, [heard.append])
    as_(front_desk).post(f"/patients/{zofia.pk}/edit/", edited(zofia, birth_date="1980-03-04"))
    assert [e.patient_id for e in heard] == [zofia.pk]


def sent_again(response):
    """The form of this page as its browser would send it now."""
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_the_second_of_two_who_edit_is_told_and_loses_nothing(as_, front_desk, nurse, zofia):
    url = f"/patients/{zofia.pk}/edit/"
    as_(nurse).post(url, edited(zofia, phone="602 000 111", reminders=""))
    response = as_(front_desk).post(url, edited(zofia, email="new@example.org"))
    page = response.content.decode()
    assert response.status_code == 409
    assert all(text in page for text in ("Natalia", "602000111", "new@example.org"))
    assert response.context["taken"] == ["Phone", "Wants messages"]
    assert Patient.objects.get().email == "zofia@example.org"
    assert as_(front_desk).post(url, sent_again(response)).status_code == 302
    kept = Patient.objects.get()
    assert (kept.email, kept.phone, kept.reminders) == ("new@example.org", "+48602000111", False)


def test_where_both_typed_something_theirs_is_shown_and_yours_is_kept(as_, front_desk, nurse, zofia):
    url = f"/patients/{zofia.pk}/edit/"
    as_(nurse).post(url, edited(zofia, phone="602 000 111"))
    response = as_(front_desk).post(url, edited(zofia, phone="603 000 222"))
    assert [(str(label), str(value)) for label, value in response.context["differences"]] == [
        ("Phone", "+48602000111")
    ]
    assert response.context["taken"] == []
    assert as_(front_desk).post(url, sent_again(response)).status_code == 302
    assert Patient.objects.get().phone == "+48603000222"


def test_the_same_edit_sent_twice_is_one(as_, front_desk, zofia):
    form = edited(zofia, phone="602 000 111")
    codes = [as_(front_desk).post(f"/patients/{zofia.pk}/edit/", form).status_code for _ in range(2)]
    assert (codes, Patient.objects.get().version) == ([302, 302], 2)


def test_edit_warns_of_a_duplicate_and_only_when_the_person_changes(as_, front_desk, zofia):
    other = patient(by=front_desk, name="Jan Kot", birth_date=dt.date(1950, 1, 1), phone="+48602000111")
    url, form = f"/patients/{zofia.pk}/edit/", edited(zofia, phone="602 000 111")
    response = as_(front_desk).post(url, form)
    assert response.status_code == 409
    assert other.get_absolute_url() in response.content.decode()
    assert as_(front_desk).post(url, {**form, "not_the_same": other.pk}).status_code == 302
    zofia.refresh_from_db()
    assert as_(front_desk).post(url, {**form, "version": zofia.version, "note": "by bus"}).status_code == 302


@pytest.mark.parametrize(
    "wrong", [{"birth_date": "2126-01-01"}, {"version": "x"}, {"version": "9" * 30}, {"name": ""}]
)
def test_an_edit_that_cannot_be_is_refused_and_changes_nothing(as_, front_desk, zofia, wrong):
    response = as_(front_desk).post(f"/patients/{zofia.pk}/edit/", edited(zofia, **wrong))
    zofia.refresh_from_db()
    assert (response.status_code, zofia.version) == (422, 1)


@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(
        st.sampled_from([*PERSON, "called", "note", "key", "not_the_same"]),
        st.text(max_size=250)
        | st.sampled_from(["1989-05-02", "female", "601234567", "a@b.pl", "0001-01-01"]),
    )
)
def test_register_takes_any_form(as_, front_desk, fields):
    assert as_(front_desk).post(NEW, fields).status_code in (200, 302, 400, 409, 422)


# The five questions


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("list", "doctor nurse front_desk"),
        ("register", "doctor nurse front_desk"),
        ("patient", "doctor nurse front_desk"),
        ("edit", "doctor nurse front_desk"),
        ("interview", "doctor nurse"),
        ("version", "doctor nurse"),
        ("draft", "doctor nurse"),
        ("discard", "doctor nurse"),
    ],
)
def test_each_page_knows_its_people(request, as_, nurse, name, roles):
    ana = patient(by=nurse)
    kwargs = {"list": {}, "register": {}, "version": {"pk": ana.pk, "number": 1}}.get(name, {"pk": ana.pk})
    url = reverse(f"patients:{name}", kwargs=kwargs)
    ask = "post" if name in ("draft", "discard") else "get"
    for role in ("doctor", "nurse", "front_desk", "catalogue_admin", "clinic_admin", "stranger"):
        code = getattr(as_(request.getfixturevalue(role)), ask)(url).status_code
        assert (code == 403) == (role not in roles.split()), role


@pytest.mark.parametrize("path", ["", "edit/", "interview/"])
@pytest.mark.parametrize("pk", ["4711", "9" * 18, "9" * 19, "x", "-1", "1.5"])
def test_a_made_up_id_is_not_found(as_, nurse, path, pk):
    assert as_(nurse).get(f"/patients/{pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["draft/", "discard/"])
def test_a_made_up_id_takes_no_draft(as_, nurse, path):
    assert as_(nurse).post(f"/patients/4711/interview/{path}").status_code == 404
    assert as_(nurse).get(f"/patients/4711/interview/{path}").status_code == 405


@pytest.mark.parametrize("path", ["", "new/", "{pk}/", "{pk}/edit/", "{pk}/interview/", "{pk}/interviews/1/"])
def test_a_wrong_method_is_not_allowed(as_, nurse, path):
    url = "/patients/" + path.format(pk=patient(by=nurse).pk)
    assert as_(nurse).delete(url).status_code == 405


def test_nobody_gets_in_without_logging_in(client, nurse):
    assert client.get(f"/patients/{patient(by=nurse).pk}/").status_code == 302
