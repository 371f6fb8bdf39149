"""Random CASES in the input format of `manage.py screen`, to compare two implementations with.

Nearly all can be read, and lean towards the edges: birthdays, the look-back window, class ingredients,
allergies to what is planned, goals that are diseases. About 3 % are spoiled and must not be readable;
those say so in `title`, for people and tests (the screening ignores that key).
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from contraindications.tests import oracle

Case = dict[str, Any]

DATA = oracle.load()
CATALOGUE = DATA["catalogue"]
FACTS = oracle.codes(DATA["health_facts"])
TECHNIQUES = oracle.codes(CATALOGUE["techniques"])
AREAS = oracle.codes(CATALOGUE["areas"])
GOALS = oracle.codes(CATALOGUE["goals"])
DISEASE_GOALS = {goal["code"]: goal["disease_fact"] for goal in CATALOGUE["goals"] if "disease_fact" in goal}
SUBSTANCES = oracle.codes(CATALOGUE["ingredients"])
CLASSES = {row["code"]: row["may_contain"] for row in CATALOGUE["ingredients"] if row["role"] == "class"}
AT_THE_PROCEDURE = [
    row["code"] for row in CATALOGUE["ingredients"] if row["role"] in ("procedure", "topical")
]

SPOILED_SHARE = 0.03
DAYS = [
    date(2026, 11, 21),
    date(2024, 2, 29),
    date(2026, 2, 28),
    date(2026, 3, 1),
    date(2030, 3, 1),
]
AGES_AT_AN_EDGE = [0, 6, 6, 18, 18, 18, 65]
DAYS_SINCE_THE_END = [0, 1, 28, 29, 29, 30, 30, 30, 31, 31, 32, 365, 5000]
FREE_TEXTS = [
    "pollen",
    "bee stings",
    "penicillin, amoxicillin",
    "Vitamin C",
    "VITAMIN_C",
    " latex",
    "none",
    "żywica",
    "حليب",
    "<b>nuts</b> & \"seeds\" 'x'",
    "a" * 300,
]


def cases(seed: int, n: int) -> Iterator[Case]:
    """`n` cases; the same `seed` and `n` give the same cases, and a larger `n` only adds to them."""
    for number in range(n):
        rng = random.Random(f"{seed}/{number}")
        case = readable_case(rng, f"R{seed}-{number}")
        if rng.random() < SPOILED_SHARE:
            spoil(rng, case)
        yield case


def is_spoiled(case: Case) -> bool:
    """Whether this generator made the case unreadable on purpose."""
    return str(case.get("title", "")).startswith("spoiled: ")


def readable_case(rng: random.Random, case_id: str) -> Case:
    """A case that section 7 of the procedure calls readable."""
    as_of = rng.choice(DAYS) if rng.random() < 0.7 else date(2000, 1, 1) + timedelta(rng.randrange(14000))
    plan = random_plan(rng)
    patient: Case = {
        "birth_date": birth_date(rng, as_of).isoformat(),
        "sex": rng.choice(["female", "male", "unspecified"]),
    }
    default = rng.choices(["no", None, "unsure", "ended", "current"], [80, 14, 2, 2, 2])[0]
    if default is not None:
        patient["default_state"] = default
    everything = default is None and rng.random() < 0.7
    patient["facts"] = random_facts(rng, as_of, plan["goal"], everything=everything)
    if rng.random() < 0.94:
        patient["allergies"] = random_allergies(rng, plan)
    if rng.random() < 0.02:
        patient[rng.choice(["default_state", "allergies"])] = None
    if not patient["facts"] and rng.random() < 0.5:
        patient["facts"] = None
    return {"id": case_id, "as_of": as_of.isoformat(), "patient": patient, "plan": plan}


def years_before(day: date, years: int) -> date:
    """The same day of the year `years` earlier; 29 February becomes 1 March in other years."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def birth_date(rng: random.Random, as_of: date) -> date:
    """Mostly grown up; often a day around a birthday that counts, or 29 February; never after `as_of`."""
    kind = rng.random()
    if kind < 0.2:
        edge = years_before(as_of, rng.choice(AGES_AT_AN_EDGE)) + timedelta(rng.choice([-1, 0, 1]))
        return min(edge, as_of)
    if kind < 0.35:
        leap_years = [year for year in range(as_of.year - 60, as_of.year) if year % 4 == 0 and year != 1900]
        around = [year for year in (as_of.year - 6, as_of.year - 18) if year in leap_years]
        return date(rng.choice(around or leap_years), 2, 29)
    return as_of - timedelta(rng.randrange(18 * 366, 90 * 366))


def random_plan(rng: random.Random) -> Case:
    """Any technique, area and goal; 0 to 8 ingredients, repetitions included."""
    area, technique = rng.choice(AREAS), rng.choice(TECHNIQUES)
    if area == "eyelids":
        technique = "derma_pen"
    goals = list(DISEASE_GOALS) if rng.random() < 0.25 else GOALS
    ingredients = [
        rng.choice(list(CLASSES) if rng.random() < 0.15 else SUBSTANCES) for _ in range(rng.randrange(9))
    ]
    if ingredients and rng.random() < 0.2:
        ingredients[rng.randrange(len(ingredients))] = rng.choice(ingredients)
    at_the_procedure = [
        rng.choice(SUBSTANCES if rng.random() < 0.15 else AT_THE_PROCEDURE)
        for _ in range(rng.choice([0, 0, 1, 2, 3]))
    ]
    return {
        "technique": technique,
        "area": area,
        "goal": rng.choice(goals),
        "ingredients": ingredients,
        "procedure_substances": at_the_procedure,
    }


def random_facts(rng: random.Random, as_of: date, goal: str, *, everything: bool) -> Case:
    """A few facts in any state, of either sex; with `everything` all others are answered with a no."""
    named = rng.sample(FACTS, rng.choice([0, 0, 0, 1, 1, 1, 2, 3, 5, 9]))
    if goal in DISEASE_GOALS and rng.random() < 0.5:
        named.append(DISEASE_GOALS[goal])
    facts = {code: random_answer(rng, as_of) for code in named}
    if goal in DISEASE_GOALS and DISEASE_GOALS[goal] in facts and rng.random() < 0.5:
        facts[DISEASE_GOALS[goal]] = {"state": "current"}
    if everything:
        facts.update({code: {"state": "no"} for code in FACTS if code not in facts})
    in_any_order = list(facts.items())
    rng.shuffle(in_any_order)
    return dict(in_any_order)


def random_answer(rng: random.Random, as_of: date) -> Case:
    """One answer; an end without a date, or with one around the edges of the window."""
    state = rng.choices(["current", "ended", "no", "unsure"], [40, 40, 15, 5])[0]
    answer = {"state": state}
    if state == "ended" and rng.random() < 0.8:
        answer["until"] = (as_of - timedelta(rng.choice(DAYS_SINCE_THE_END))).isoformat()
    elif rng.random() < 0.05:
        answer["until"] = None
    return answer


def random_allergies(rng: random.Random, plan: Case) -> list[str]:
    """None known, or what is planned, what it may contain, any other substance and free text, mixed."""
    if rng.random() < 0.45:
        return []
    planned = plan["ingredients"] + plan["procedure_substances"]
    contained = [code for one in planned for code in CLASSES.get(one, [])]
    pools = [
        planned or SUBSTANCES,
        contained or SUBSTANCES,
        SUBSTANCES,
        list(CLASSES),
        FREE_TEXTS,
    ]
    weights = [3, 3, 3, 1, 2]
    allergies = [rng.choice(rng.choices(pools, weights)[0]) for _ in range(rng.choice([1, 1, 1, 2, 3, 5]))]
    if rng.random() < 0.15:
        allergies.append(rng.choice(allergies))
    return allergies


# ---- Spoiled cases ----


def spoil(rng: random.Random, case: Case) -> None:
    """Make the case unreadable in one way, named in its title."""
    name = rng.choice(list(SPOILERS))
    SPOILERS[name](rng, case)
    case["title"] = f"spoiled: {name}"


def ends_tomorrow(rng: random.Random, case: Case) -> None:
    """An end after the screening date."""
    after = date.fromisoformat(case["as_of"]) + timedelta(rng.choice([1, 1, 30, 200]))
    put({"state": "ended", "until": after.isoformat()}, "patient", "facts", rng.choice(FACTS))(rng, case)


def put(value: Any, *path: str) -> Callable[[random.Random, Case], None]:
    """A spoiler that puts `value` at `path`."""

    def spoiler(rng: random.Random, case: Case) -> None:
        target = case
        for key in path[:-1]:
            target[key] = target.get(key) or {}
            target = target[key]
        target[path[-1]] = value

    return spoiler


def drop(*path: str) -> Callable[[random.Random, Case], None]:
    """A spoiler that leaves out the key at `path`."""

    def spoiler(rng: random.Random, case: Case) -> None:
        target = case
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]

    return spoiler


def add(value: Any, *path: str) -> Callable[[random.Random, Case], None]:
    """A spoiler that adds `value` somewhere in the list at `path`."""

    def spoiler(rng: random.Random, case: Case) -> None:
        values = case[path[0]][path[1]] = case[path[0]].get(path[1]) or []
        values.insert(rng.randint(0, len(values)), value)

    return spoiler


def born_tomorrow(rng: random.Random, case: Case) -> None:
    """Born after the screening date."""
    after = date.fromisoformat(case["as_of"]) + timedelta(rng.choice([1, 1, 40, 4000]))
    case["patient"]["birth_date"] = after.isoformat()


def eyelids(rng: random.Random, case: Case) -> None:
    """Eyelids with anything but the derma pen."""
    case["plan"]["area"] = "eyelids"
    case["plan"]["technique"] = rng.choice([code for code in TECHNIQUES if code != "derma_pen"])


SPOILERS: dict[str, Callable[[random.Random, Case], None]] = {
    "born after as_of": born_tomorrow,
    "ended after as_of": ends_tomorrow,
    "end date of what is current": put(
        {"state": "current", "until": "1999-01-01"}, "patient", "facts", "nsaid"
    ),
    "end date of a no": put({"state": "no", "until": "1999-01-01"}, "patient", "facts", "nsaid"),
    "misspelt default state": put("no", "patient", "default_sate"),
    "misspelt until": put({"state": "ended", "untill": "1999-01-01"}, "patient", "facts", "herpes"),
    "misspelt substances": put([], "plan", "procedure_substance"),
    "blank allergy": add(" ", "patient", "allergies"),
    "NUL in an allergy": add("la\0tex", "patient", "allergies"),
    "blank id": put("", "id"),
    "number for the id": put(7, "id"),
    "eyelids without the derma pen": eyelids,
    "unknown technique": put("laser", "plan", "technique"),
    "technique in capitals": put("DERMA_PEN", "plan", "technique"),
    "unknown area": put("knee", "plan", "area"),
    "unknown goal": put("youth", "plan", "goal"),
    "unknown ingredient": add("unobtainium", "plan", "ingredients"),
    "label for an ingredient": add("Vitamin C", "plan", "ingredients"),
    "unknown procedure substance": add("holy_water", "plan", "procedure_substances"),
    "unknown fact": put({"state": "no"}, "patient", "facts", "gout"),
    "unknown state": put({"state": "maybe"}, "patient", "facts", "nsaid"),
    "worked-out state": put({"state": "recent"}, "patient", "facts", "nsaid"),
    "unknown default state": put("past", "patient", "default_state"),
    "unknown sex": put("f", "patient", "sex"),
    "impossible birth date": put("1990-02-30", "patient", "birth_date"),
    "29 February of another year": put("1990-02-29", "patient", "birth_date"),
    "birth date in another order": put("02.05.1990", "patient", "birth_date"),
    "birth date without dashes": put("19900502", "patient", "birth_date"),
    "impossible as_of": put("2026-13-01", "as_of"),
    "as_of with a time": put("2026-11-21T10:00:00", "as_of"),
    "empty as_of": put("", "as_of"),
    "impossible until": put({"state": "ended", "until": "2026-11-31"}, "patient", "facts", "herpes"),
    "until in words": put({"state": "ended", "until": "last week"}, "patient", "facts", "herpes"),
    "number for as_of": put(20261121, "as_of"),
    "number for the birth date": put(19900502, "patient", "birth_date"),
    "null for sex": put(None, "patient", "sex"),
    "list for sex": put(["female"], "patient", "sex"),
    "list for the facts": put([], "patient", "facts"),
    "text for a fact": put("current", "patient", "facts", "nsaid"),
    "truth value for a state": put({"state": True}, "patient", "facts", "nsaid"),
    "fact without a state": put({}, "patient", "facts", "nsaid"),
    "truth value for the default state": put(False, "patient", "default_state"),
    "text for the allergies": put("latex", "patient", "allergies"),
    "number among the allergies": add(7, "patient", "allergies"),
    "object for the technique": put({"code": "derma_pen"}, "plan", "technique"),
    "null for the goal": put(None, "plan", "goal"),
    "text for the ingredients": put("vitamin_c", "plan", "ingredients"),
    "list among the ingredients": add(["vitamin_c"], "plan", "ingredients"),
    "null among the procedure substances": add(None, "plan", "procedure_substances"),
    "null for the patient": put(None, "patient"),
    "list for the plan": put([], "plan"),
    "no id": drop("id"),
    "no as_of": drop("as_of"),
    "no patient": drop("patient"),
    "no birth date": drop("patient", "birth_date"),
    "no sex": drop("patient", "sex"),
    "no plan": drop("plan"),
    "no technique": drop("plan", "technique"),
    "no area": drop("plan", "area"),
    "no goal": drop("plan", "goal"),
    "no ingredients": drop("plan", "ingredients"),
    "no procedure substances": drop("plan", "procedure_substances"),
}
