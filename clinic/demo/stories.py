"""What the sixty people tell, what is planned for them, and how far it got. Plain data, in the order of `people`."""

from dataclasses import dataclass, field
from enum import StrEnum


class Ends(StrEnum):
    """How far a story gets."""

    REGISTERED = "registered"
    DRAFT = "draft"  # the interview is under way
    PLANNED = "planned"
    CONFIRMED = "confirmed"  # not booked yet
    BOOKED = "booked"  # with a session in the week around the day, those before it performed
    FINISHED = "finished"
    CANCELLED = "cancelled"  # the plan
    GIVEN_UP = "given_up"  # the course, after two sessions


class After(StrEnum):
    """What became of the reminder of a finished course, beside waiting."""

    WAITS = "waits"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    OPTED_OUT = "opted_out"
    CAME_BACK = "came_back"


@dataclass(frozen=True, slots=True)
class Story:
    """`said`: {fact: state, days since it ended, or None for not asked}; what is not in it is "no".

    `allergies` are codes of substances or free text; None: not asked. `ended`: at least so many days since the last
    session of a finished course. `missed`: they did not come to their last session before today.
    """

    plan: str = ""
    said: dict[str, str | int | None] = field(default_factory=dict)
    allergies: tuple[str, ...] | None = ()
    ends: Ends = Ends.BOOKED
    ended: int = 0
    after: After = After.WAITS
    missed: bool = False


FACE = {"area": "face", "technique": "needle_syringe", "injection_depth": "intradermal"}
SCALP = {"area": "scalp", "technique": "needle_syringe", "ingredients": ["biotin", "dexpanthenol"]}
CREAM = ["anaesthetic_cream", "skin_disinfectant"]
PLANS: dict[str, dict] = {
    "wrinkles": {
        **FACE,
        "goal": "wrinkles",
        "ingredients": ["hyaluronic_acid"],
        "procedure_substances": CREAM,
    },
    "glow": {**FACE, "goal": "rejuvenation", "ingredients": ["vitamin_c", "vitamin_e", "coenzyme_q10"]},
    "ready": {**FACE, "goal": "rejuvenation", "ingredients": [], "products": ["demo_radiance"]},
    "spots": {
        "goal": "discoloration",
        "area": "hands",
        "technique": "needle_syringe",
        "ingredients": ["vitamin_c"],
    },
    "hair": {**SCALP, "goal": "hair_loss"},
    "quality": {
        **SCALP,
        "goal": "hair_quality",
        "technique": "needle_gun",
        "products": ["demo_capilla"],
        "ingredients": [],
    },
    "neck": {**FACE, "area": "neck", "goal": "firming", "ingredients": ["hyaluronic_acid", "coenzyme_q10"]},
    "scars": {
        "goal": "acne_scars",
        "area": "face",
        "technique": "derma_pen",
        "ingredients": ["hyaluronic_acid"],
        "procedure_substances": CREAM,
    },
    "oily": {"goal": "oily_skin", "area": "face", "technique": "electroporation", "ingredients": ["zinc"]},
    "thighs": {
        "goal": "cellulite",
        "area": "thighs",
        "technique": "needle_multi_injector",
        "ingredients": ["carnitine"],
    },
}
ROUND = ["wrinkles", "glow", "hair", "ready", "spots", "oily", "neck", "quality", "scars", "thighs"]

CAUTION: list[dict[str, str | int | None]] = [{"urticaria": "current"}, {"stroke": 2200}]
HOLD: list[dict[str, str | int | None]] = [{"herpes": 900}, {"corticosteroid": "current"}, {"eczema": 1500}]
REMARKABLE = {
    4: CAUTION[0],
    7: HOLD[0],
    12: CAUTION[1],
    16: HOLD[1],
    20: CAUTION[0],
    24: HOLD[2],
    27: CAUTION[1],
    31: HOLD[0],
}
ALLERGIC = {
    2: ("latex",),
    9: ("pollen",),
    14: ("zinc", "nickel in jewellery"),
    22: ("vitamin_c",),
    35: ("penicillin",),
}

DID_NOT_COME = {13, 28}
UNDER_WAY = [
    Story(ROUND[i % len(ROUND)], REMARKABLE.get(i, {}), ALLERGIC.get(i, ()), missed=i in DID_NOT_COME)
    for i in range(36)
]
FINISHED = [
    Story("hair", ends=Ends.FINISHED, ended=40, after=After.SENT),
    Story("wrinkles", ends=Ends.FINISHED, ended=130, after=After.SENT),
    Story("quality", ends=Ends.FINISHED, ended=32, after=After.FAILED),
    Story("hair", ends=Ends.FINISHED, ended=50, after=After.EXPIRED),
    Story("glow", ends=Ends.FINISHED, ended=20),
    Story("quality", ends=Ends.FINISHED, ended=21),
    Story("spots", ends=Ends.FINISHED, ended=90, after=After.OPTED_OUT),
    Story("neck", ends=Ends.FINISHED, ended=85, after=After.CAME_BACK),
]
NOT_SAID = ["anticoagulant", "antiplatelet", "stroke", "heart_disease"]
OTHERS = [
    Story("glow", {"pregnancy": "current"}, ends=Ends.PLANNED),
    Story("wrinkles", {"anticoagulant": "current", "heart_disease": "current"}, ends=Ends.PLANNED),
    Story("neck", {"herpes": 400}, ends=Ends.PLANNED),
    Story("hair", {"corticosteroid": "current"}, ends=Ends.PLANNED),
    Story("glow", allergies=("vitamin_c",), ends=Ends.PLANNED),
    Story("ready", allergies=("vitamin_e", "bee venom"), ends=Ends.PLANNED),
    Story("wrinkles", dict.fromkeys(NOT_SAID, "unsure"), ends=Ends.PLANNED),
    Story("thighs", dict.fromkeys(NOT_SAID), None, ends=Ends.PLANNED),
    Story("spots", {"urticaria": "current"}, ends=Ends.PLANNED),
    Story(ends=Ends.REGISTERED),
    Story("wrinkles", ends=Ends.GIVEN_UP),
    Story("oily", ends=Ends.PLANNED),
    Story("glow", ends=Ends.PLANNED),
    Story("scars", ends=Ends.CONFIRMED),
    Story(said=dict.fromkeys(NOT_SAID), ends=Ends.DRAFT),
    Story("hair", ends=Ends.CANCELLED),
]
STORIES = [*UNDER_WAY, *FINISHED, *OTHERS]
