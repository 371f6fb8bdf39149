"""What a preview found, for its part of the draft's page: counts for everybody, people for doctors alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contraindications import wording
from contraindications.models import Draft, Preview, RuleSet, Verdict
from contraindications.rulebook import caseload, drafts, rowwords
from contraindications.rulebook.previewing import VALIDITY
from contraindications.rules.words import VERDICTS

WORKED = "worked"  # cases of nobody in particular
ANSWERS_TOO_OLD = gettext_lazy("Answers that are too old")


@dataclass(frozen=True, slots=True)
class Line:
    """So many cases of one caseload flip from one verdict to another, by these items."""

    caseload: str
    label: str
    cases: int
    before: str
    after: str
    before_word: str
    after_word: str
    items: tuple[tuple[str, str], ...]  # code, words
    people: (
        int | None
    )  # the first case, which stands for all of them in an address; None: nobody is behind them

    @property
    def milder(self) -> bool:
        return VERDICTS.index(self.after) > VERDICTS.index(self.before)


def preview_context(row: Draft, content: Mapping[str, Any], user: Any) -> dict[str, Any]:
    """The preview of a draft, whether it is about what the draft says now, and what it found."""
    preview = Preview.objects.filter(draft=row).select_related("draft").first()
    context: dict[str, Any] = {"preview": preview, "stale": False, "sees_people": user.is_doctor}
    if preview is None:
        return context
    lines = summary(preview, content)
    return context | {
        "stale": preview.digest != drafts.preview_digest(row, dict(content)),
        "flips": [line for line in lines if line.before != line.after],
        "same": [line for line in lines if line.before == line.after],
        "percent": 100 * preview.done // preview.total if preview.total else 100,
    }


def summary(preview: Preview, content: Mapping[str, Any]) -> list[Line]:
    """The lines of the summary, those that become milder first. Two SQL queries."""
    titles = titles_of(preview.draft, content)
    lines = [_line(row, titles) for row in preview.flips.counted()]
    return sorted(lines, key=lambda line: (not line.milder, line.caseload == WORKED, -line.cases))


def _line(row: Mapping[str, Any], titles: Mapping[str, str]) -> Line:
    return Line(
        caseload=row["caseload"],
        label=caseload.label_of(row["caseload"]),
        cases=row["cases"],
        before=row["before"],
        after=row["after"],
        before_word=str(Verdict(row["before"]).label),
        after_word=str(Verdict(row["after"]).label),
        items=tuple((code, item_words(code, titles)) for code in row["items"]),
        people=None if row["caseload"] == WORKED else row["first"],
    )


def titles_of(row: Draft, content: Mapping[str, Any]) -> dict[str, str]:
    """The items of a draft by code, those too that it retires. One SQL query."""
    base = RuleSet.objects.values_list("content", flat=True).get(pk=row.base_id)
    before, after = (
        {item["id"]: rowwords.sentence(item["item"]) for item in one["items"]} for one in (base, content)
    )
    retired = {code: _("%(title)s (retired)") % {"title": title} for code, title in before.items()}
    return retired | after


def item_words(code: str, titles: Mapping[str, str]) -> str:
    """What made the difference, in words."""
    if code == VALIDITY:
        return str(ANSWERS_TOO_OLD)
    if code == "scope-none":
        return str(wording.SCOPE_NONE)
    return titles.get(code, code)
