"""Languages in which patients are written to and read. The pages of staff are in one, see LANGUAGE_CODE."""

import gettext
import struct
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header

LANGUAGES = [("en", _("English")), ("de", _("German")), ("pl", _("Polish"))]
FIRST_LANGUAGE = "en"
OTHER_LANGUAGES = [(code, name) for code, name in LANGUAGES if code != FIRST_LANGUAGE]


def speaking(language: str) -> translation.override:
    """What is rendered inside is in this language; in the first where its translations are not there.

    Then the page says that it is English, too: half a German page would be read out as German.
    """
    return translation.override(language if has_words(language) else FIRST_LANGUAGE)


def spoken() -> str:
    """The active language, as patients choose it."""
    language = (translation.get_language() or FIRST_LANGUAGE).partition("-")[0]
    return language if language in dict(LANGUAGES) else FIRST_LANGUAGE


def own_names() -> list[tuple[str, str]]:
    """Each language by its own name: who cannot read the page still finds theirs."""
    return [
        (code, translation.get_language_info(code)["name_local"].capitalize()) for code, _name in LANGUAGES
    ]


def asked_for(request: HttpRequest) -> str:
    """The language that the browser asks for, for pages that know nobody."""
    ours = dict(LANGUAGES)
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    found = (code.partition("-")[0] for code, quality in wanted if quality)
    return next((code for code in found if code in ours), FIRST_LANGUAGE)


def written_in(language: str) -> translation.override:
    """For words of a language that come from elsewhere, with its names of days and months.

    Unlike `speaking` it does without the compiled translations; where they are broken nothing could be written.
    """
    return translation.override(FIRST_LANGUAGE if _is_broken(language) else language)


@cache
def has_words(language: str) -> bool:
    """Are the compiled translations there? The first language needs none. Asked once in a process."""
    return language == FIRST_LANGUAGE or (bool(_compiled(language)) and not _is_broken(language))


@cache
def _is_broken(language: str) -> bool:
    try:
        for folder in _compiled(language):
            gettext.translation("django", folder, [language])
    except (OSError, ValueError, SyntaxError, struct.error, IndexError, KeyError):
        return True
    return False


def _compiled(language: str) -> list[str]:
    folders = map(str, settings.LOCALE_PATHS)
    return [folder for folder in folders if gettext.find("django", folder, [language])]
