"""Random edits of the documented lists, sensible and not, for property tests of drafts."""

from typing import Any

from hypothesis import strategies as st

from contraindications.rulebook import drafting
from contraindications.rules import words

from .documented import content

FACTS = {fact["code"]: [s for s in fact["states"] if s != "no"] for fact in content()["facts"]}
CODES = [item["id"] for item in content()["items"]]
MATCHES = st.sampled_from(words.MATCHES)
DOCUMENT_STRENGTHS = [s for s in words.STRENGTHS if not s.startswith("policy")]


@st.composite
def fact_rows(draw) -> dict[str, Any]:
    fact = draw(st.sampled_from(sorted(FACTS)))
    states = draw(st.lists(st.sampled_from(FACTS[fact]), min_size=1, unique=True))
    return {"fact": fact, "states": states, "match": draw(MATCHES)}


@st.composite
def joined_rows(draw) -> dict[str, Any]:
    facts = draw(st.lists(st.sampled_from(sorted(FACTS)), min_size=2, max_size=3, unique=True))
    key = draw(st.sampled_from(["all_of", "any_of"]))
    return {key: facts, "states": ["current"], "match": draw(MATCHES)}


age_rows = st.one_of(
    st.fixed_dictionaries(
        {"age_below": st.one_of(st.just("minimum_age"), st.integers(1, 99)), "match": MATCHES}
    ),
    st.fixed_dictionaries(
        {"age_from": st.integers(0, 60), "age_below": st.integers(61, 99), "match": MATCHES}
    ),
)
allergen_rows = st.fixed_dictionaries(
    {"allergen_in": st.sampled_from(["preparation", "procedure"]), "match": MATCHES}
)
rows = st.one_of(fact_rows(), joined_rows(), age_rows, allergen_rows)


@st.composite
def items(draw, code: str) -> dict[str, Any]:
    policy = draw(st.booleans())
    strengths = ["policy_stop", "policy_hold"] if policy else DOCUMENT_STRENGTHS
    return {
        "id": code,
        "source": "CP" if policy else draw(st.sampled_from(["S0", "S1", "S3", "S4"])),
        "locator": "policy" if policy else "L20",
        "item": draw(st.sampled_from(["gout", "shingles", "keloid scars"])),
        "strength": draw(st.sampled_from(strengths)),
        "when": draw(st.lists(rows, min_size=1, max_size=4, unique_by=str)),
    }


def new_source(code: str) -> dict[str, Any]:
    why = {"direct": {"says": "its list is about needles", "cite": f"{code} L1"}}
    reach = {f: dict.fromkeys(("scalp", "other"), "direct") for f in ("needle", "microneedle", "needle_free")}
    source = {"code": code, "file": None, "title": "A new document", "kind": "document"}
    return {"source": source, "reach": reach, "why": why}


@st.composite
def edited(draw, base: dict[str, Any] | None = None) -> tuple[dict[str, Any], list[drafting.Edit]]:
    """(content, the edits that led to it): each edit fits what the ones before it left."""
    start = now = base or content()
    edits: list[drafting.Edit] = []
    for _ in range(draw(st.integers(0, 6))):
        edit = draw(_edit(now))
        if edit.before != edit.after:
            edits.append(edit)
            now = drafting.applied(start, edits)
    return now, edits


@st.composite
def _edit(draw, now: dict[str, Any]) -> drafting.Edit:
    kind = draw(st.sampled_from(["add", "change", "retire", "source", "setting"]))
    codes = [item["id"] for item in now["items"]]
    if kind == "add":
        code = next(f"S1-C{n}" for n in range(50, 99) if f"S1-C{n}" not in codes)
        return drafting.Edit(kind, code, None, draw(items(code)))
    if kind == "source":
        code = next(f"S{n}" for n in range(5, 99) if f"S{n}" not in [s["code"] for s in now["sources"]])
        return drafting.Edit(kind, code, None, new_source(code))
    if kind == "setting":
        name = draw(st.sampled_from(["minimum_age", "look_back_days", "validity_days"]))
        return drafting.Edit(kind, name, now["settings"][name], draw(st.integers(1, 60)))
    code = draw(st.sampled_from(codes))
    before = drafting.item_of(now, code)
    return drafting.Edit(kind, code, before, draw(items(code)) if kind == "change" else None)
