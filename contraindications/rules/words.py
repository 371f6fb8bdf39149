"""The words of screening: what may be said, how grave it is, and how it is put to people.

Source: the effect table and the verdict table of docs/rules.md (sections 3 and 5).
"""

import hashlib
import json
from typing import Any

STOP, HOLD, CAUTION, NOTE = "stop", "hold", "caution", "note"
INCOMPLETE, CLEAR = "incomplete", "clear"
CURRENT, RECENT, PAST = "current", "recent", "past"
NO, ENDED, UNSURE = "no", "ended", "unsure"
CHANGE_PLAN = "change_plan"
ALLERGIES = "allergies"  # the allergy question, among the unanswered

SEXES = ("female", "male", "unspecified")
ROLES = ("active", "class", "topical", "adjunct", "procedure")
ANSWER_STATES = (CURRENT, ENDED, NO, UNSURE)  # what a person can answer
HELD_STATES = (CURRENT, RECENT, PAST)  # what an answer can mean on a day, apart from "no"

EFFECTS = (STOP, HOLD, CAUTION, NOTE)  # gravest first
VERDICTS = (STOP, INCOMPLETE, HOLD, CAUTION, CLEAR)  # gravest first
MATCHES = ("direct", "class", "partial", "ambiguous")  # strongest first
REACHES = ("direct", "extended", "weak", "not_stated", "off_area")

VERDICT_WORDS = {
    STOP: "Contraindicated",
    INCOMPLETE: "Not screened: answers missing",
    HOLD: "A doctor must decide",
    CAUTION: "Proceed with care",
    CLEAR: "No listed contraindication reported",
}

FORCES = {
    "bar": ("must_not", "contraindicated", "prohibited", "should_not"),
    "care": ("risky", "evaluate", "caution", "may_trigger"),
    "instruction": ("instruction",),
    "policy_stop": ("policy_stop",),
    "policy_hold": ("policy_hold",),
}
STRENGTHS = tuple(strength for strengths in FORCES.values() for strength in strengths)
_FORCE = {strength: force for force, strengths in FORCES.items() for strength in strengths}

_SURE, _UNSURE = ("direct", "class"), ("ambiguous", "partial")
_EFFECT_TABLE = (
    # force          match      direct, extended  weak, not_stated  off_area
    ("bar", _SURE, STOP, HOLD, HOLD),
    ("bar", _UNSURE, HOLD, HOLD, NOTE),
    ("care", _SURE, CAUTION, HOLD, HOLD),
    ("care", _UNSURE, HOLD, HOLD, NOTE),
    ("instruction", MATCHES, HOLD, HOLD, NOTE),
    ("policy_stop", MATCHES, STOP, STOP, STOP),
    ("policy_hold", MATCHES, HOLD, HOLD, HOLD),
)
_EFFECT = {
    (strength, match, reach): effect
    for force, matches, near, unstated, elsewhere in _EFFECT_TABLE
    for strength in FORCES[force]
    for match in matches
    for reach, effect in zip(REACHES, (near, near, unstated, unstated, elsewhere), strict=True)
}


def force_of(strength: str) -> str:
    """bar, care, instruction, policy_stop or policy_hold. KeyError for a word that no source may use."""
    return _FORCE[strength]


def effect_of(strength: str, match: str, reach: str) -> str:
    """What a finding does: stop, hold, caution or note. KeyError for a word outside the table."""
    return _EFFECT[strength, match, reach]


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """The one spelling of a plain value: sorted keys, no spaces, UTF-8."""
    return _CANONICAL.encode(value).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a plain value, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
