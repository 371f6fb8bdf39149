"""What patients read is there in all their languages, and in English where the compiled words are not."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation.template import templatize

from clinic import languages, moments
from clinic.languages import FIRST_LANGUAGE, LANGUAGES, asked_for, speaking, written_in
from clinic.translations import FOLDER, compile_all
from conftest import NOW
from patients.models import Channel
from treatments.reminders.models import Topic
from treatments.reminders.texts.meanings import MEANINGS
from treatments.reminders.words import BEHAVIOURS

OTHERS = [code for code, _name in LANGUAGES if code != FIRST_LANGUAGE]
TEMPLATES = [
    *(settings.BASE_DIR / "templates" / "messages").glob("*.html"),
    *(settings.BASE_DIR / "templates" / "waiting" / "own").glob("*.html"),
    *(settings.BASE_DIR / "templates" / name for name in ("base.html", "patients/own/base.html")),
    *(
        settings.BASE_DIR / "templates" / "patients" / "own" / name
        for name in ("gone.html", "slow_down.html")
    ),
]
SOURCES = list((settings.BASE_DIR / "treatments" / "reminders" / "own").rglob("*.py"))
# Said by what those pages use, and in the files for the patient's calendar.
ALSO = [
    "This day is past.",
    "That is more than a year ahead.",
    "There is no phone number to write to.",
    "Telephone: %(phone)s",
    "Appointment at %(clinic)s",
]
CALL = re.compile(r"""\bn?gettext\(u?(?P<one>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
PLACEHOLDER = re.compile(r"%\(\w+\)s|</?\w+>")


def in_templates():
    for file in TEMPLATES:
        for found in CALL.finditer(templatize(file.read_text())):
            yield ast.literal_eval(found["one"])


def in_sources():
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "gettext_lazy": None}
    for file in SOURCES:
        with file.open("rb") as lines:
            for _line, said, _comments, _context in extract("python", lines, keywords=keywords):
                yield said if isinstance(said, str) else said[0]


def in_lists():
    samples = (meaning.sample(NOW, None) for name, meaning in MEANINGS.items() if name in ("mind", "care"))
    for one in [*Topic, *Channel, *BEHAVIOURS.values(), *(line for said in samples for line in said)]:
        yield str(getattr(one, "label", one))


def read():
    """Every sentence that a patient may read, as it stands in the source."""
    return {*in_templates(), *in_sources(), *in_lists(), *ALSO}


@pytest.fixture(params=OTHERS)
def catalog(request):
    with (FOLDER / request.param / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=request.param, abort_invalid=True)


def forms(message):
    return list(message.string) if message.pluralizable else [message.string]


def test_all_that_a_patient_may_read_is_looked_at():
    assert len(read()) > 110
    assert {"Move it", "Choose a time.", "Sauna", "Somebody was faster.", "E-mail"} <= read()


def test_everything_is_translated_and_nothing_else(catalog):
    done = {one.id if isinstance(one.id, str) else one.id[0]: one for one in catalog if one.id}
    assert sorted(read() - set(done)) == []
    assert sorted(set(done) - read()) == []
    assert [key for key, one in done.items() if one.fuzzy or not all(forms(one))] == []


def test_placeholders_and_marks_are_those_of_the_source(catalog):
    for one in filter(lambda one: one.id, catalog):
        source = one.id if isinstance(one.id, str) else one.id[1]
        held = [set(PLACEHOLDER.findall(form)) for form in forms(one)]
        # "Your session": the one form need not say its number
        allowed = [set(PLACEHOLDER.findall(source)), set(PLACEHOLDER.findall(source)) - {"%(n)s"}]
        assert held[0] in allowed[: 2 if one.pluralizable else 1], one.id
        assert all(each == allowed[0] for each in held[1:]), one.id


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("de", 1, "Ihr Termin bei"),
        ("de", 2, "Ihre 2 Termine bei"),
        ("pl", 1, "Wizyta w"),
        ("pl", 3, "3 wizyty w"),
        ("pl", 5, "5 wizyt w"),
        ("pl", 13, "13 wizyt w"),
        ("pl", 22, "22 wizyty w"),
    ],
)
def test_plurals_are_those_of_the_language(language, n, said):
    one, more = "Your session at <bdi>%(clinic)s</bdi>:", "Your %(n)s sessions at <bdi>%(clinic)s</bdi>:"
    with speaking(language):
        assert translation.ngettext(one, more, n) % {"n": n, "clinic": ""} == f"{said} <bdi></bdi>:"


# Days


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Monday 23 November 2026, 09:30"),
        ("de", "Montag, 23. November 2026, 09:30"),
        ("pl", "23 listopada 2026 (poniedziałek), 09:30"),
    ],
)
def test_moments_are_written_as_the_language_writes_them(language, said):
    with translation.override(language):
        assert moments.at(NOW) == said


# Which language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pl", "pl"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr,pl;q=0.3,de;q=0.7", "de"),
        ("fr", "en"),
        ("pl;q=0", "en"),
        ("", "en"),
        ("\x00;q=x,,*", "en"),
        ("de" * 5000, "en"),
    ],
)
def test_who_is_not_known_reads_the_language_of_their_browser(header, language):
    assert asked_for(RequestFactory().get("/", headers={"Accept-Language": header})) == language


def test_each_language_is_offered_by_its_own_name():
    assert languages.own_names() == [("en", "English"), ("de", "Deutsch"), ("pl", "Polski")]


# Compiled


def copied(folder: Path, language="de"):
    target = folder / language / "LC_MESSAGES" / "django.po"
    target.parent.mkdir(parents=True)
    target.write_bytes((FOLDER / language / "LC_MESSAGES" / "django.po").read_bytes())
    return target


@pytest.fixture
def elsewhere(settings, tmp_path):
    """An installation whose translations are in another folder."""
    settings.LOCALE_PATHS = [tmp_path]
    forget_what_was_compiled()
    yield tmp_path
    forget_what_was_compiled()


def test_it_is_compiled_once_and_again_after_a_change(tmp_path):
    source = copied(tmp_path)
    assert compile_all(tmp_path) == [source]
    assert compile_all(tmp_path) == []
    source.write_bytes(source.read_bytes().replace(b"Sonnenbaden", b"Sonne"))
    assert compile_all(tmp_path) == [source]
    assert b"Sonnenbaden" not in source.with_suffix(".mo").read_bytes()


def forget_what_was_compiled():
    languages.has_words.cache_clear()
    languages._is_broken.cache_clear()


def test_what_is_not_compiled_is_english_but_letters_need_nothing_compiled(elsewhere):
    copied(elsewhere)
    with speaking("de"):
        assert translation.get_language() == "en"
    with written_in("de"):
        assert moments.on(NOW) == "Montag, 23. November 2026"


def test_what_is_compiled_is_spoken(elsewhere):
    copied(elsewhere)
    compile_all(elsewhere)
    with speaking("de"):
        assert translation.get_language() == "de"


@pytest.mark.parametrize("content", [b"", b"no such file", b"\xde\x12\x04\x95\x00", None])
def test_a_broken_file_is_english_and_no_error(elsewhere, content):
    source = copied(elsewhere)
    compile_all(elsewhere)
    target = source.with_suffix(".mo")
    target.write_bytes(target.read_bytes()[:2000] if content is None else content)
    for way in (speaking, written_in):
        with way("de"):
            assert translation.gettext("Sunbathing") == "Sunbathing"
