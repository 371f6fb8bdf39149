"""How screening speaks to people. Never "safe", never "suitable"; a source's force stays in its own words."""

from django.utils.translation import gettext_lazy as _

EFFECT_TAGS = {
    "stop": _("stop"),
    "hold": _("a doctor decides"),
    "caution": _("care"),
    "note": _("note"),
}
FORCES = {
    "must_not": _("must not"),
    "contraindicated": _("contraindicated"),
    "prohibited": _("prohibited"),
    "should_not": _("should not"),
    "risky": _("risky"),
    "evaluate": _("to be evaluated first"),
    "caution": _("caution"),
    "may_trigger": _("may trigger a reaction"),
    "instruction": _("instruction before the procedure"),
    "policy_stop": _("the clinic's own rule"),
    "policy_hold": _("the clinic's own rule"),
}
REACHES = {
    "direct": _("Reaches this technique and area"),
    "extended": _("Reaches this technique by extension"),
    "weak": _("Reaches this technique weakly"),
    "not_stated": _("Not stated for this technique"),
    "off_area": _("Written for another area"),
}
POLICY_REACH = _("Set by the clinic for every technique and area; no document says it.")
CLASS_MATCH = _("The source names the group that this belongs to, not the condition itself.")
PARTIAL_MATCH = _("The source joins several conditions; only part of them is reported.")
ENDED_MATCH = _(
    "The source does not say whether this still counts once it has ended, nor after how many days."
)
AMBIGUOUS_MATCH = _("The source's wording does not settle whether this is meant.")
AGE_MATCH = _("The number in the source is suspect, so it does not settle this age.")
DIRECT_MATCH = _("The source names exactly what is reported.")
CONFLICT = _(
    "The documents disagree: one names this condition as a goal of treatment, this one bars it. "
    "A doctor weighs the two."
)
SCOPE_NONE = _("No documented list covers this technique")
SCOPE_NONE_WHY = _("The documents list contraindications for needle techniques; none speaks of this one.")
ALLERGY_UNMATCHED = _("Allergy not matched to a substance of the catalogue")
ALLERGY_UNMATCHED_WHY = _("Check the labels of everything that will be used.")
ALLERGIES = _("Allergies: substances, or “none known”")

# Section 6, and what S1 says of each.
COMPOSITIONS = {
    None: (_("No active substance"), "", ()),
    "italian": (
        _("Italian concept: a single active substance"),
        _("After a reaction there is one suspect."),
        ("S1 45", "S1 47"),
    ),
    "french": (
        _("Within the French limit of three"),
        _("A mixture, in practice of no more than three ingredients."),
        ("S1 45", "S1 49"),
    ),
    "above_french": (
        _("Above the French limit of three"),
        _("S1 does not call it a mistake, S3 describes such mixtures for the scalp. Your reason is needed."),
        ("S1 49", "S3 29"),
    ),
}

DOCTOR_NOT_AHEAD = _("A doctor decided not to go ahead")
NOT_AHEAD = _("It was decided not to go ahead")

# The why sheet.
IDENTICAL = _("Worked out again from this record when the sheet was made: identical.")
NOT_IDENTICAL = _(
    "Worked out again from this record, it comes out differently: NOT identical. "
    "Do not rely on this sheet; tell the clinic."
)
ONLY_THE_LISTS = _(
    "This sheet says what the named documents and the clinic's own rules say about what was reported, and no more: "
    "what they leave out was not judged."
)
MEDICINES = _(
    "Nothing here asks anybody to stop a prescribed medicine. Questions about one go to whoever prescribed it."
)
NO_LIST = _("Has no list of contraindications: it says nothing about any finding.")
ANSWERS = {"current": _("now"), "no": _("no"), "unsure": _("not sure")}
COUNTED = {
    "current": _("now"),
    "recent": _("recent"),
    "past": _("past"),
    "no": _("no"),
    "unsure": _("unanswered"),
}
