"""A rule set and a draft as their pages show them: every line worked out before the template sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contraindications import rules, wording
from contraindications.models import Draft, DraftChange
from contraindications.rulebook import compared, drafting, listwords, rowwords, softening
from contraindications.rulebook.drafts import edit_of
from contraindications.rulebook.softening import MILDEST, Softer
from contraindications.rulebook.vocabulary import Vocabulary

# Where the shipped value of a setting comes from (docs/rules.md; no document sets any of them).
FROM = {
    "minimum_age": gettext_lazy(
        "The clinic’s own. The one age in a document is suspect: under 6, in S1, item 15, line 101."
    ),
    "look_back_days": gettext_lazy(
        "The clinic’s own. No document says for how long something that has ended still counts."
    ),
    "validity_days": gettext_lazy("The clinic’s own. No document says how old an answer may be."),
    "absolute": gettext_lazy("The clinic’s own. The documents do not say who may decide against them."),
}

ALLERGENS = {
    "named": gettext_lazy("An allergy to a substance that is used"),
    "suspected": gettext_lazy("An allergy to what something of unknown composition may contain"),
}


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item of one source."""

    code: str
    title: str
    place: str
    force: str
    met_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source with its items and how far its list reaches."""

    code: str
    title: str
    is_policy: bool
    about: str
    reach: tuple[tuple[str, str, str, str], ...]  # how far, where, why, place
    items: tuple[ShownItem, ...]


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting, what it ships with and where that comes from."""

    name: str
    label: str
    value: str
    default: str
    source: str

    @property
    def as_shipped(self) -> bool:
        return self.value == self.default


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A proposed change with what it does, in words; nothing of that for one that was taken back."""

    row: DraftChange
    title: str
    difference: compared.ShownComparison | None
    may_take_back: bool


def sources(known: Vocabulary) -> list[ShownSource]:
    """The sources of a content with their items. Raises rules.RuleSetError."""
    content = known.content
    items = rules.RuleSet.from_content(content).items
    by_source: dict[str, list[ShownItem]] = {}
    for raw in content["items"]:
        by_source.setdefault(raw["source"], []).append(_item(items[raw["id"]], known))
    return [_source(raw, content["scope"], by_source.get(raw["code"], [])) for raw in content["sources"]]


def _item(item: Any, known: Vocabulary) -> ShownItem:
    policy = item.source in known.policies
    return ShownItem(
        code=item.id,
        title=rowwords.sentence(item.text),
        place="" if policy else rowwords.place(item.locator),
        force=str(listwords.STRENGTHS[item.strength]),
        met_by=tuple(rowwords.in_words(row, known.labels) for row in item.rows),
    )


def _source(raw: Mapping[str, Any], scope: Mapping[str, Any], items: Iterable[ShownItem]) -> ShownSource:
    code = raw["code"]
    places: dict[str, list[str]] = {}
    for family, regions in scope["reach"].get(code, {}).items():
        for region, reach in regions.items():
            places.setdefault(reach, []).append(_place(family, region))
    why = scope.get("why", {}).get(code, {})
    return ShownSource(
        code=code,
        title=raw.get("title") or code,
        is_policy=raw["kind"] == "policy",
        about=raw.get("about") or "",
        reach=tuple(
            (
                str(wording.REACHES[reach]),
                "; ".join(where),
                why.get(reach, {}).get("says", ""),
                why.get(reach, {}).get("cite", ""),
            )
            for reach, where in places.items()
        ),
        items=tuple(items),
    )


def _place(family: str, region: str) -> str:
    return f"{listwords.FAMILIES.get(family, family)}, {listwords.REGIONS.get(region, region)}".lower()


def settings(known: Vocabulary) -> list[ShownSetting]:
    """Every setting, its default, and where that comes from."""
    now = known.content["settings"]
    return [
        ShownSetting(
            name,
            str(listwords.FIELDS[name]),
            setting_value(now[name], known),
            setting_value(shipped, known),
            str(FROM[name]),
        )
        for name, shipped in rules.SHIPPED_SETTINGS.items()
    ]


def setting_value(value: Any, known: Vocabulary) -> str:
    """A number, or a list in words; in one order, since the order says nothing."""
    if not isinstance(value, list):
        return str(value)
    labels = {**known.labels, **listwords.ABSOLUTE}
    return ", ".join(sorted(str(labels.get(code, code)) for code in value)) or _("nothing")


def changes(draft: Draft, base: Mapping[str, Any], known: Vocabulary, user: Any) -> list[ShownChange]:
    """The changes of a draft in their order, each held against what stood before it."""
    content, lines = base, []
    for row in draft.changes.select_related("by", "taken_back_by").order_by("pk"):
        difference = None
        if row.taken_back_at is None:
            after = drafting.applied(content, [edit_of(row)])
            difference, content = compared.show(content, after, known.labels), after
        own = row.by_id == user.pk or user.is_doctor
        may = draft.is_open and row.taken_back_at is None and own
        lines.append(ShownChange(row, _title(row, known), difference, may))
    return lines


def _title(row: DraftChange, known: Vocabulary) -> str:
    if row.kind == DraftChange.Kind.SETTING:
        return str(listwords.FIELDS.get(row.code, row.code))
    one: Any = row.after if row.after is not None else row.before
    return one["source"]["title"] if row.kind == DraftChange.Kind.SOURCE else rowwords.sentence(one["item"])


def milder(
    base: Mapping[str, Any], draft: Mapping[str, Any], known: Vocabulary
) -> list[tuple[str, list[str]]]:
    """(item or setting, what of it is judged more mildly) of a draft, in words."""
    found: dict[str, list[str]] = {}
    for one in softening.softened(base, draft):
        found.setdefault(_about(one), []).append(_softer(one, known))
    return list(found.items())


def _about(one: Softer) -> str:
    if one.place:
        return str(wording.SCOPE_NONE)
    return str(listwords.FIELDS.get(one.code, one.code))


def _softer(one: Softer, known: Vocabulary) -> str:
    words = {"before": _effect(one.before), "after": _effect(one.after), "what": _reported(one, known)}
    if one.place:
        return _("%(place)s: a document covers it now, the remark is gone") % {"place": _place(*one.place)}
    if one.code == "absolute":
        return _("%(what)s: a doctor could release it") % {"what": setting_value([one.before], known)}
    if one.code in listwords.FIELDS:
        return _("from %(before)s to %(after)s") % {"before": one.before, "after": one.after}
    if one.together:
        return _("%(what)s, together: “%(after)s”, though one of them alone is “%(before)s”") % words
    said = _("%(what)s: from “%(before)s” to “%(after)s”") % words
    return _("%(said)s; another item is as strict") % {"said": said} if one.covered else said


def _reported(one: Softer, known: Vocabulary) -> str:
    if one.ages:
        low, high = one.ages
        if low == high:
            return ngettext("%(n)d year old", "%(n)d years old", low) % {"n": low}
        return _("%(low)d to %(high)d years old") % {"low": low, "high": high}
    if one.allergen:
        return str(ALLERGENS[one.allergen])
    said = (f"{known.labels.get(fact, fact)} ({listwords.STATES[state]})" for fact, state in one.facts)
    return _(" and ").join(said)


def _effect(effect: str) -> str:
    return _("no finding") if effect == MILDEST else str(wording.EFFECT_TAGS.get(effect, effect))
