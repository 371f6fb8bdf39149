"""How the lists themselves are put: what a condition, a force and a match are called, and the parts of a rule set."""

from django.utils.translation import gettext_lazy as _

from contraindications import wording

# The sources side by side.
FAMILIES = {"needle": _("Needle"), "microneedle": _("Microneedle"), "needle_free": _("Needle-free")}
REGIONS = {"scalp": _("Scalp"), "other": _("Anywhere else")}
STATES = {"current": _("now"), "recent": _("recent"), "past": _("past")}
MATCHES = {
    "direct": _("named"),
    "class": _("as one of a group"),
    "partial": _("only part of what is named"),
    "ambiguous": _("the wording leaves it open"),
}
STRENGTHS = {
    **wording.FORCES,
    "policy_stop": _("the clinic's own rule: stop"),
    "policy_hold": _("the clinic's own rule: a doctor decides"),
}
# A dispute: the force in a word, before those who use it.
POSITIONS = {"bar": _("barred"), "care": _("with care"), "instruction": _("an instruction")}
MARKS = {"bar": "●", "care": "◐", "instruction": "○", "policy_stop": "●", "policy_hold": "◐"}
PLACES = {
    "preparation": _("Allergy to an ingredient of the preparation"),
    "procedure": _("Allergy to anything used in the procedure"),
}
AGE = _("Age")
ALL_OF, ANY_OF = _("all of them"), _("one of them")

# Two rule sets compared: what the parts of an item, a source and a fact are called, and the settings.
FIELDS = {
    "id": _("Code"),
    "code": _("Code"),
    "source": _("Source"),
    "locator": _("Place"),
    "item": _("Condition"),
    "strength": _("Force"),
    "when": _("Met by"),
    "title": _("Title"),
    "kind": _("Kind"),
    "file": _("File"),
    "about": _("About"),
    "list_heading": _("Heading of its list"),
    "note": _("Note"),
    "states": _("States that make sense"),
    "asked_of": _("Asked of"),
    "minimum_age": _("Minimum age"),
    "look_back_days": _("Look-back, in days"),
    "validity_days": _("Validity of an answer, in days"),
    "absolute": _("What nobody can release"),
    "families": _("Families of techniques"),
    "regions": _("Regions"),
}
ABSOLUTE = {
    "allergen": _("An allergy to a substance of the plan"),
    "minimum_age": _("An age below the minimum"),
}
DIFFERENCES = {"added": _("added"), "retired": _("retired"), "changed": _("changed")}
