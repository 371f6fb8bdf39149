"""Decisions about people and interviews: plain values in, plain values out."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

CURRENT, ENDED, NO, UNSURE = "current", "ended", "no", "unsure"
UNSPECIFIED = "unspecified"
NEVER = dt.date.min.isoformat()  # as a day of an answer: nobody has asked
# Letters that no Unicode decomposition takes apart.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})

Answer = Mapping[str, str]  # {"state", "until" where known, "on" once stamped}


def age_on(born: dt.date, day: dt.date) -> int:
    """Whole years on `day`; who was born on 29 February turns older on 1 March in other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def first_name(name: str) -> str:
    """The word by which we greet somebody who said nothing else: names have no common shape.

    >>> [first_name(name) for name in ("Anna Maria Nowak", "O'Malley, Grace", "Suharto")]
    ['Anna', 'Grace', 'Suharto']
    """
    family, _comma, given = name.partition(",")
    words = given.split() or family.split()
    return words[0] if words else name


def is_asked(asked_of: Sequence[str], sex: str) -> bool:
    """Is a fact asked of somebody of this sex? Where the sex is not stated, everything is asked."""
    return not asked_of or sex == UNSPECIFIED or sex in asked_of


def choices(states: Sequence[str]) -> tuple[str, ...]:
    """The answers that make sense for a fact with these `states`; "not sure" always does."""
    ended = not {"recent", "past"}.isdisjoint(states)
    return tuple(
        answer
        for answer, offered in [
            (CURRENT, CURRENT in states),
            (ENDED, ended),
            (NO, NO in states),
            (UNSURE, True),
        ]
        if offered
    )


def problem(answer: Answer, *, states: Sequence[str], born: dt.date, day: dt.date) -> str | None:
    """What is wrong with an answer given on `day`: "not_offered", "not_ended", "future", "before_birth" or None.

    Raises ValueError when `until` is no ISO date.
    """
    if answer.get("state") not in choices(states):
        return "not_offered"
    if "until" not in answer:
        return None
    if answer["state"] != ENDED:
        return "not_ended"
    until = dt.date.fromisoformat(answer["until"])
    if until > day:
        return "future"
    return "before_birth" if until < born else None


def said(answer: Answer | None) -> tuple[str | None, str | None]:
    """The content of an answer without the day it was given: (state, until)."""
    return (answer.get("state"), answer.get("until")) if answer else (None, None)


def stamped(given: Mapping[str, Answer], draft: Mapping[str, Answer], day: dt.date) -> dict[str, dict]:
    """`given` with the day each was answered: the draft's where it says the same there, else `day`."""
    return {
        code: {
            **{k: answer[k] for k in ("state", "until") if k in answer},
            "on": draft[code]["on"] if said(draft.get(code)) == said(answer) else day.isoformat(),
        }
        for code, answer in given.items()
    }


def changed(old: Mapping[str, Answer], new: Mapping[str, Answer]) -> list[str]:
    """The codes whose answers differ, in the order of `old`, then `new`. When they were asked does not count."""
    return [code for code in {**old, **new} if said(old.get(code)) != said(new.get(code))]


def confirmed(
    stands: Mapping[str, Answer], reported: Mapping[str, Answer], said_now: Mapping[str, Answer], day: dt.date
) -> dict[str, dict]:
    """The answers of a version that confirms a report, each with the day it was given.

    What is taken as reported counts from the day of the report, or from a later one on which the patient said the same;
    what the practitioner corrected counts from `day`.
    """
    found = {code: dict(answer) for code, answer in stands.items()}
    for code, answer in said_now.items():
        same = [old[code]["on"] for old in (stands, reported) if said(old.get(code)) == said(answer)]
        on = max(same) if said(reported.get(code)) == said(answer) else day.isoformat()
        found[code] = {**{k: answer[k] for k in ("state", "until") if k in answer}, "on": on}
    return found


def told(allergies: Mapping | None) -> tuple | None:
    """The content of what was told of allergies without its day, in one order; None: not asked."""
    return (sorted(allergies["substances"]), sorted(allergies["texts"])) if allergies else None


def graver_of(stands: Mapping[str, Answer], reported: Mapping[str, Answer]) -> dict[str, Answer]:
    """What counts while nobody has confirmed a report: of every fact the graver answer. Silence is graver than "no".

    A report answers nothing: what was never answered, or with "not sure", is still to be asked (`on` is NEVER), and
    what was answered long ago is as old as before.

    >>> no, now = {"state": "no", "on": "2026-11-01"}, {"state": "current", "on": "2026-11-20"}
    >>> graver_of({"herpes": no}, {"herpes": now, "eczema": no, "stroke": now})["herpes"]
    {'state': 'current', 'on': '2026-11-01'}
    """
    graver = {
        code: {**answer, "on": _counted_from(stands.get(code))}
        for code, answer in reported.items()
        if _gravity(answer) > _gravity(stands.get(code))
    }
    return {**stands, **graver}


def _counted_from(stood: Answer | None) -> str:
    """The day on which the question was answered, NEVER where it was not."""
    return NEVER if stood is None or stood["state"] == UNSURE else stood["on"]


def _gravity(answer: Answer | None) -> tuple[int, str]:
    """Now, ended (on a day unknown, then the later end), not sure, unanswered, no."""
    if answer is None:
        return 1, ""
    ended = answer["state"] == ENDED
    return {CURRENT: 4, ENDED: 3, UNSURE: 2, NO: 0}[answer["state"]], (
        answer.get("until") or "9"
    ) if ended else ""


def graver_allergies(stands: Mapping | None, reported: Mapping | None) -> Mapping | None:
    """The allergies that count while nobody has confirmed a report: all of both; "none known" clears nothing.

    Reported where nobody has asked: they count, and the question stays unanswered.
    """
    if not reported or not (reported["substances"] or reported["texts"]):
        return stands
    known = stands or {"substances": [], "texts": [], "on": NEVER}
    both = {kind: sorted({*known[kind], *reported[kind]}) for kind in ("substances", "texts")}
    return {**known, **both}


def folded(text: str) -> str:
    """`text` without case, accents, spaces, hyphens and underscores, to compare what people typed.

    >>> folded(" Vítamin-C ") == folded("vitamin_c")
    True
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(c for c in plain if not unicodedata.combining(c) and not c.isspace() and c not in "-_‐‑–")


def matched(
    texts: Iterable[str], substances: Iterable[str], names: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Turn free texts that name a substance into it: (substance codes, remaining texts), each sorted and once.

    `names` is {folded label or code: code}.
    """
    known = {text: names.get(folded(text)) for text in map(str.strip, texts) if text}
    codes = {*substances, *(code for code in known.values() if code)}
    return sorted(codes), sorted(text for text, code in known.items() if code is None)
