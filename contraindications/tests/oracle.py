"""A second, naive reading of the screening procedure, written to be compared with the real one.

It shares no code with the product and follows the text of the procedure sentence by sentence: every
case walks over every item of the YAML. Nothing here is fast, and nothing here is used outside tests.
Where the text leaves a choice, a comment that starts with "Choice:" says what was chosen.
"""

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DATA_DIRS = (
    ROOT / "contraindications" / "data",
    ROOT / "patients" / "data",
    ROOT / "treatments" / "catalogue" / "data",
)

MINIMUM_AGE = 18  # section 1: "`minimum_age` is the clinic's setting, default 18"
LOOK_BACK_DAYS = 30  # section 1: "clinic setting, default 30 days, both ends included"

MATCHES = [
    "direct",
    "class",
    "partial",
    "ambiguous",
]  # section 1: "direct > class > partial > ambiguous"
EFFECTS = [
    "stop",
    "hold",
    "caution",
    "note",
]  # section 7: "ordered by effect (stop, hold, caution, note)"

# Section 3, the table: (kind, matches) -> effect in reach direct or extended, weak or not_stated, off_area.
BAR = ["must_not", "contraindicated", "prohibited", "should_not"]
CARE = ["risky", "evaluate", "caution", "may_trigger"]
TABLE = [
    (BAR, ["direct", "class"], "stop", "hold", "hold"),
    (BAR, ["ambiguous", "partial"], "hold", "hold", "note"),
    (CARE, ["direct", "class"], "caution", "hold", "hold"),
    (CARE, ["ambiguous", "partial"], "hold", "hold", "note"),
    (["instruction"], MATCHES, "hold", "hold", "note"),
    (["policy_stop"], MATCHES, "stop", "stop", "stop"),
    (["policy_hold"], MATCHES, "hold", "hold", "hold"),
]


class Unreadable(Exception):
    """Section 7: "A case that cannot be read (...) gets `{"id", "error": "..."}` in its place"."""


def load(data_dirs: tuple[Path, ...] = DATA_DIRS) -> dict[str, Any]:
    """Read the five YAML files, each from the first of `data_dirs` that has it."""
    data: dict[str, Any] = {}
    for name in ["health_facts", "list_items", "scope", "sources", "catalogue"]:
        paths = [folder / f"{name}.yaml" for folder in data_dirs]
        path = next(path for path in paths if path.exists())
        data[name] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def answer(case: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Section 7: the RESULT of one CASE, or `{"id", "error"}` for a case that cannot be read."""
    # Choice: without a readable id the result still takes its place in the list, under null.
    case_id = case.get("id") if isinstance(case, dict) else None
    try:
        check_case(case, data)
    except Unreadable as error:
        return {"id": case_id, "error": str(error)}
    findings = all_findings(case, data)
    unanswered = all_unanswered(case, data)
    return {
        "id": case_id,
        "verdict": verdict(findings, unanswered),
        "unanswered": unanswered,
        "findings": findings,
        "composition": composition(case, data),
    }


# ---- Section 7: which cases can be read ----


def check_case(case: Any, data: dict[str, Any]) -> None:
    """Section 7: "unknown code, bad date, born after `as_of`, eyelids with anything but the derma pen".

    Choice: `facts`, `default_state`, `until` and `allergies` may be missing or null, since the text calls them
    optional or says what their absence means; nothing else may. Keys that the text does not name are ignored
    beside a case and refused inside it: a misspelt `default_state` or `until` must not be passed over.
    """
    if not isinstance(case, dict):
        raise Unreadable("a case is not an object")
    texts([take(case, "id", str)], "id")
    as_of = read_date(take(case, "as_of", str))
    check_patient(take(case, "patient", dict), as_of, data)
    check_plan(take(case, "plan", dict), data)


def check_patient(patient: dict[str, Any], as_of: date, data: dict[str, Any]) -> None:
    """Section 7, `patient`: birth date, sex, optional default state, facts, allergies."""
    only(patient, ["birth_date", "sex", "default_state", "facts", "allergies"])
    if read_date(take(patient, "birth_date", str)) > as_of:
        raise Unreadable("born after as_of")
    known(take(patient, "sex", str), ["female", "male", "unspecified"], "sex")
    # Section 7: "`state`: current, ended (`until` optional), no, unsure"
    states = ["current", "ended", "no", "unsure"]
    if given(patient, "default_state"):
        known(take(patient, "default_state", str), states, "default_state")
    for code, fact in (take(patient, "facts", dict) if given(patient, "facts") else {}).items():
        known(code, codes(data["health_facts"]), "fact")
        if not isinstance(fact, dict):
            raise Unreadable(f"fact {code} is not an object")
        only(fact, ["state", "until"])
        # Choice: every fact may have every state, also one that its row in health_facts.yaml leaves out.
        known(take(fact, "state", str), states, "state")
        if given(fact, "until"):
            # Choice: an end date beside another state, or after the day of screening, contradicts itself.
            if fact["state"] != "ended":
                raise Unreadable(f"{code} has an end date and is not ended")
            if read_date(take(fact, "until", str)) > as_of:
                raise Unreadable(f"{code} ended after as_of")
    if given(patient, "allergies"):
        texts(take(patient, "allergies", list), "allergies")


def check_plan(plan: dict[str, Any], data: dict[str, Any]) -> None:
    """Section 7, `plan`: technique, area, goal, ingredients, procedure substances."""
    only(plan, ["technique", "area", "goal", "ingredients", "procedure_substances"])
    catalogue = data["catalogue"]
    known(take(plan, "technique", str), codes(catalogue["techniques"]), "technique")
    known(take(plan, "area", str), codes(catalogue["areas"]), "area")
    known(take(plan, "goal", str), codes(catalogue["goals"]), "goal")
    # Choice: any substance of the catalogue may stand in either list, whatever its role.
    for key in ["ingredients", "procedure_substances"]:
        texts(take(plan, key, list), key)
        for code in plan[key]:
            known(code, codes(catalogue["ingredients"]), key)
    if plan["area"] == "eyelids" and plan["technique"] != "derma_pen":
        raise Unreadable("eyelids with anything but the derma pen")


def take(mapping: dict[str, Any], key: str, kind: type) -> Any:
    """The value of a key that must be there and must be of this type."""
    if key not in mapping:
        raise Unreadable(f"{key} is missing")
    if not isinstance(mapping[key], kind):
        raise Unreadable(f"{key} has the wrong type")
    return mapping[key]


def given(mapping: dict[str, Any], key: str) -> bool:
    """Whether an optional key is there; null is as good as absent."""
    return mapping.get(key) is not None


def only(mapping: dict[str, Any], allowed: list[str]) -> None:
    """Refuse a key that nobody knows."""
    for key in mapping:
        if key not in allowed:
            raise Unreadable(f"unknown key {key}")


def texts(values: list[Any], name: str) -> None:
    """Refuse anything but text that says something: no other type, not blank, nothing that is no character."""
    for value in values:
        if not isinstance(value, str) or value.strip() == "":
            raise Unreadable(f"{name} holds something that is no text")
        if any(ord(letter) == 0 or 0xD800 <= ord(letter) <= 0xDFFF for letter in value):
            raise Unreadable(f"{name} holds something that is no character")


def known(code: str, allowed: list[str], name: str) -> None:
    """Section 7: "unknown code". Codes are compared exactly, letter by letter."""
    if code not in allowed:
        raise Unreadable(f"unknown {name}: {code}")


def codes(rows: list[dict[str, Any]]) -> list[str]:
    """The codes of some rows of the YAML."""
    return [row["code"] for row in rows]


def read_date(text: str) -> date:
    """Section 7: "bad date". Only the form that the example shows, year-month-day, is a date."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Unreadable(f"bad date: {text}")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"bad date: {text}") from None


# ---- Section 1: which items are met ----


def state_of(fact: str, case: dict[str, Any]) -> Any:
    """Section 1: the patient's state of a fact on the screening date; None when nobody answered.

    "A fact reported as ended ...: it is `recent` within the look-back window (..., both ends included) or
    when the date is unknown, `past` before it. The state is worked out on the screening date, not stored."
    Section 7: "`default_state` (optional) answers every fact not named".
    """
    # Choice: a fact that is not asked of this sex keeps the state that was recorded, and the default.
    patient = case["patient"]
    named = patient.get("facts") or {}
    if fact in named:
        state, until = named[fact]["state"], named[fact].get("until")
    else:
        state, until = patient.get("default_state"), None
    if state != "ended":
        return state
    if until is None:
        return "recent"
    days_ago = (date.fromisoformat(case["as_of"]) - date.fromisoformat(until)).days
    return "recent" if days_ago <= LOOK_BACK_DAYS else "past"


def age(case: dict[str, Any]) -> int:
    """Section 1: "whole years on the screening date" (29 February: 1 March in other years)."""
    born = date.fromisoformat(case["patient"]["birth_date"])
    day = date.fromisoformat(case["as_of"])
    try:
        birthday = born.replace(year=day.year)
    except ValueError:
        birthday = date(day.year, 3, 1)
    return day.year - born.year - (0 if day >= birthday else 1)


def evidence(item: dict[str, Any], case: dict[str, Any], data: dict[str, Any]) -> list[dict[str, Any]]:
    """Section 1: "every met row is kept as evidence". Each with its match, facts and substances."""
    all_of_met = any(
        all(state_of(fact, case) in row["states"] for fact in row["all_of"])
        for row in item["when"]
        if "all_of" in row
    )
    met = []
    for row in item["when"]:
        piece = met_row(row, all_of_met, case, data)
        if piece is not None:
            met.append(piece)
    return met


def met_row(
    row: dict[str, Any], all_of_met: bool, case: dict[str, Any], data: dict[str, Any]
) -> dict[str, Any] | None:
    """Section 1, the list of rows: one `when` row as evidence, or None when it is not met."""
    if "allergen_in" in row:
        return met_by_allergen(row, case, data)
    piece = {"match": row["match"], "facts": [], "substances": [], "allergen": False}
    if "age_from" in row or "age_below" in row:
        below = row.get("age_below", float("inf"))
        if below == "minimum_age":
            below = MINIMUM_AGE
        in_range = row.get("age_from", 0) <= age(case) < below
        return piece if in_range else None
    if "fact" in row:
        piece["facts"] = [row["fact"]] if state_of(row["fact"], case) in row["states"] else []
        return piece if piece["facts"] else None
    if "all_of" in row:
        piece["facts"] = row["all_of"]
        return piece if all_of_met else None
    # any_of: "at least one has it, and the item's `all_of` row is not met"
    # Choice: the evidence names only those that have the state.
    piece["facts"] = [fact for fact in row["any_of"] if state_of(fact, case) in row["states"]]
    return piece if piece["facts"] and not all_of_met else None


def met_by_allergen(row: dict[str, Any], case: dict[str, Any], data: dict[str, Any]) -> dict[str, Any] | None:
    """Section 1: `allergen_in`.

    "preparation: an allergen is among the plan's ingredients; procedure: among ingredients or other
    procedure substances. A `class` ingredient whose `may_contain` names the allergen, or whose `may_contain`
    is empty, meets the row with match `ambiguous` instead of the row's own; a real hit on another ingredient
    counts first."
    """
    used = list(case["plan"]["ingredients"])
    if row["allergen_in"] == "procedure":
        used += case["plan"]["procedure_substances"]
    # Choice: every recorded allergy is an allergen, free text too: nobody knows that an ingredient of
    # unknown composition (empty `may_contain`) is free of it.
    allergens = case["patient"].get("allergies") or []
    real, possible = [], []
    for code in used:
        ingredient = next(one for one in data["catalogue"]["ingredients"] if one["code"] == code)
        if code in allergens:
            real.append(code)
        elif ingredient["role"] == "class":
            may_contain = ingredient["may_contain"]
            if allergens and (may_contain == [] or any(one in allergens for one in may_contain)):
                possible.append(code)
    # Choice: "counts first": beside a real hit the possible ones are not named.
    if real:
        return {"match": row["match"], "facts": [], "substances": real, "allergen": True}
    if possible:
        return {"match": "ambiguous", "facts": [], "substances": possible, "allergen": True}
    return None


# ---- Sections 2 and 3: reach, effect, findings ----


def reach(source: str, case: dict[str, Any], data: dict[str, Any]) -> Any:
    """Section 2: "`scope.yaml`, by the technique's family and the region of the area"."""
    plan, catalogue = case["plan"], data["catalogue"]
    family = next(one["family"] for one in catalogue["techniques"] if one["code"] == plan["technique"])
    region = next(one["region"] for one in catalogue["areas"] if one["code"] == plan["area"])
    return data["scope"]["reach"][source][family][region]


def effect(strength: str, match: str, how_far: str) -> str:
    """Section 3: the table."""
    for strengths, matches, near, weak, off_area in TABLE:
        if strength in strengths and match in matches:
            if how_far in ["direct", "extended"]:
                return near
            return weak if how_far in ["weak", "not_stated"] else off_area
    raise AssertionError(f"the table has no row for {strength}, {match}")


def finding(item: dict[str, Any], case: dict[str, Any], data: dict[str, Any]) -> dict[str, Any] | None:
    """Sections 1 and 3: the finding of one list item, or None when no row of it is met."""
    met = evidence(item, case, data)
    if not met:
        return None
    match = next(one for one in MATCHES if any(piece["match"] == one for piece in met))
    how_far = reach(item["source"], case, data)
    result = effect(item["strength"], match, how_far)
    stops = [piece for piece in met if effect(item["strength"], piece["match"], how_far) == "stop"]
    conflict = result == "stop" and is_goal_conflict(met, stops, case, data)
    if conflict:
        result = "hold"
    # "a `stop` that rests only on `allergen_in` rows carries the remedy `change_plan`"
    # Choice: it rests on the rows that are a stop on their own; weaker evidence may stand beside them.
    by_plan = result == "stop" and all(piece["allergen"] for piece in stops)
    return {
        "item": item["id"],
        "source": item["source"],
        "locator": item["locator"],
        "strength": item["strength"],
        "match": match,
        "reach": how_far,
        "effect": result,
        "conflict": conflict,
        "remedy": "change_plan" if by_plan else None,
        "substances": sorted({code for piece in met for code in piece["substances"]}),
        "facts": sorted({fact for piece in met for fact in piece["facts"]}),
    }


def is_goal_conflict(
    met: list[dict[str, Any]],
    stops: list[dict[str, Any]],
    case: dict[str, Any],
    data: dict[str, Any],
) -> bool:
    """Section 3, exception 1, for an item that is a stop.

    "the goal's own `disease_fact` is a fact that meets the item. A `stop` becomes `hold` and the finding is
    flagged `conflict` (...), unless other evidence for the same item, not from that fact, is a `stop` on its
    own".
    """
    goal = next(one for one in data["catalogue"]["goals"] if one["code"] == case["plan"]["goal"])
    disease = goal.get("disease_fact")
    meets = any(disease in piece["facts"] for piece in met)
    other_stop = any(disease not in piece["facts"] for piece in stops)
    return meets and not other_stop


def special_finding(item: str, substances: list[str]) -> dict[str, Any]:
    """Section 3: the findings that belong to no list item. Both have the effect caution."""
    return {
        "item": item,
        "source": None,
        "locator": None,
        "strength": None,
        "match": None,
        "reach": None,
        "effect": "caution",
        "conflict": False,
        "remedy": None,
        "substances": substances,
        "facts": [],
    }


def all_findings(case: dict[str, Any], data: dict[str, Any]) -> list[dict[str, Any]]:
    """Section 3, with the order of section 7: by effect, then item id."""
    findings = []
    for item in data["list_items"]:
        found = finding(item, case, data)
        if found is not None:
            findings.append(found)
    # "If no document's list reaches the technique directly or by extension"; policy is no document.
    documents = [one["code"] for one in data["sources"] if one["kind"] == "document"]
    lists = [source for source in data["scope"]["reach"] if source in documents]
    if not any(reach(source, case, data) in ["direct", "extended"] for source in lists):
        findings.append(special_finding("scope-none", []))
    # "If an allergy is free text that is no substance of the catalogue"
    # Choice: a text is a substance only where it is its code, letter by letter; a label is not.
    substances = codes(data["catalogue"]["ingredients"])
    texts = {text for text in case["patient"].get("allergies") or [] if text not in substances}
    if texts:
        findings.append(special_finding("allergy-unmatched", sorted(texts)))
    # Choice: item ids by code point, capitals before small letters.
    return sorted(findings, key=lambda one: (EFFECTS.index(one["effect"]), one["item"]))


# ---- Sections 4, 5 and 6 ----


def all_unanswered(case: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """Section 4: "Every fact asked of this patient (`asked_of`; all if absent) without a usable answer".

    "so is the allergy question until substances or "none known" are recorded". Sorted by code, as in the
    worked cases. A case carries no dates of answers, so none is too old.
    """
    unanswered = []
    for fact in data["health_facts"]:
        asked = "asked_of" not in fact or case["patient"]["sex"] in fact["asked_of"]
        if asked and state_of(fact["code"], case) in [None, "unsure"]:
            unanswered.append(fact["code"])
    if not given(case["patient"], "allergies"):
        unanswered.append("allergies")
    return sorted(unanswered)


def verdict(findings: list[dict[str, Any]], unanswered: list[str]) -> str:
    """Section 5: "any stop; otherwise anything unanswered; otherwise hold; caution; else clear"."""
    effects = [one["effect"] for one in findings]
    if "stop" in effects:
        return "stop"
    if unanswered:
        return "incomplete"
    if "hold" in effects:
        return "hold"
    return "caution" if "caution" in effects else "clear"


def composition(case: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Section 6: "Actives = ingredients with role `active` or `class`, each distinct one once"."""
    # Choice: the plan's ingredients only; an active among the procedure substances is not of the cocktail.
    roles = {one["code"]: one["role"] for one in data["catalogue"]["ingredients"]}
    distinct = set(case["plan"]["ingredients"])
    actives = len([code for code in distinct if roles[code] in ["active", "class"]])
    # "1 = italian, 2-3 = french, 4+ = above_french and needs the practitioner's reason"
    concept = None
    if actives == 1:
        concept = "italian"
    elif actives in [2, 3]:
        concept = "french"
    elif actives >= 4:
        concept = "above_french"
    return {
        "actives": actives,
        "concept": concept,
        "needs_reason": actives >= 4,
        "unknown": sorted(code for code in distinct if roles[code] == "class"),
    }
