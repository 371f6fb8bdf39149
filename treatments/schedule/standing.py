"""Sessions to come, held against the same facts, plans and lists as their courses, each for its own day."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from django.utils import timezone

from clinic.prepared import Prepared, asked
from contraindications import rules as screening_rules
from contraindications.actions import store_screenings
from contraindications.clearance import clearance
from contraindications.screening import CannotScreen, Evaluation
from treatments.courses.dossiers import Dossier
from treatments.courses.events import CoursesScreened
from treatments.courses.models import Cause
from treatments.schedule import rules
from treatments.schedule.models import Session, Standing
from treatments.schedule.querysets import Stood, ToCome
from treatments.schedule.rules import Stage

TO_COME = Prepared(
    lambda: (
        Session.objects.booked()
        .filter(starts_at__gte=asked("begin"), course__among=asked("courses"))
        .order_by("starts_at", "pk")
        .values_list(
            "pk", "course", "starts_at", "standing__outcome", "standing__stage", "standing__screening"
        )
    )
)


class Found(NamedTuple):
    """How a session stands on its day."""

    outcome: str
    stage: Stage


Turned = tuple[ToCome, Found, Evaluation | None]
Known = tuple[int, str]  # course, outcome


@dataclass(slots=True)
class Sight:
    """What was found of one course, each stretch of days judged once."""

    dossier: Dossier
    screened: CoursesScreened
    found: dict[int, Found] = field(default_factory=dict)

    def on(self, day: dt.date) -> tuple[Found, Evaluation | None]:
        """How it stands on `day`, and the verdict of a day on which it is the same."""
        try:
            outlook = self.dossier.outlook(self.screened.rule_set, self.screened.compiled)
            evaluation = outlook.stretch(day)
        except CannotScreen:
            return Found("", Stage.UNREADABLE), None
        if id(evaluation) not in self.found:
            self.found[id(evaluation)] = _judged(evaluation, outlook.outcome(day), self.dossier)
        return self.found[id(evaluation)], evaluation


def to_come(courses: Iterable[int], day: dt.date) -> list[ToCome]:
    """The booked sessions of these courses from the clinic's `day` on, soonest first. One SQL query."""
    begin = rules.wall(day, dt.time.min, timezone.get_default_timezone())
    rows = TO_COME.rows(courses=list(courses), begin=begin)
    return [ToCome(pk, course, timezone.localdate(starts), *stood) for pk, course, starts, *stood in rows]


def _judged(evaluation: Evaluation, outcome: str, dossier: Dossier) -> Found:
    unsaid = screening_rules.unsaid(evaluation.patient_facts, evaluation.compiled)
    if not evaluation.outcome.findings:  # nothing that anybody could have decided on
        return Found(outcome, rules.stage(open_effects=(), refused=False, unsaid=unsaid))
    cleared = clearance(evaluation, dossier.decisions, tentative=False)
    refused = any(not decision.goes_ahead for decision in cleared.decided.values())
    open_effects = {one.effect for one in cleared.missing}
    return Found(outcome, rules.stage(open_effects=open_effects, refused=refused, unsaid=unsaid))


def courses_screened(event: CoursesScreened) -> None:
    """The courses were held against what is so now: so are their sessions to come."""
    stand(event, cause=event.cause)


def stand(screened: CoursesScreened, *, cause: Cause) -> None:
    """Write how the sessions to come of these courses stand, where they stand otherwise than before.

    The courses are locked, and so nobody else books, moves or ends their sessions. Four SQL queries at most.
    """
    sights = {one.course: Sight(one, screened) for one in screened.dossiers}
    rows = to_come(sights, timezone.localdate(screened.at))
    seen = [(row, *sights[row.course].on(row.day)) for row in rows]
    turned = [one for one in seen if (one[0].outcome, one[0].stage) != one[1]]
    if turned:
        screenings = _screenings(rows, turned, screened)
        anew = [one for one in turned if one[0].stage is None]
        known = [one for one in turned if one[0].stage is not None]
        _write(known, screenings, cause=cause, at=screened.at)
        _write(anew, screenings, cause=screened.first or cause, at=screened.at)


def _screenings(rows: list[ToCome], turned: list[Turned], screened: CoursesScreened) -> dict[Known, int]:
    """(course, outcome) -> a screening that says so; of an outcome that none says yet the first day's is stored."""
    known = {(row.course, row.outcome or ""): row.screening for row in rows if row.screening}
    for one in screened.dossiers:
        if one.screening and screened.outcomes[one.course]:  # one that cannot be screened keeps its old one
            known[one.course, screened.outcomes[one.course]] = one.screening
    new: dict[Known, Evaluation] = {}
    for row, found, evaluation in turned:
        if evaluation and (row.course, found.outcome) not in known:
            new.setdefault((row.course, found.outcome), replace(evaluation, as_of=row.day))
    stored = store_screenings(new.values(), by=screened.by, at=screened.at) if new else []
    return known | {key: screening.pk for key, screening in zip(new, stored, strict=True)}


def _write(turned: list[Turned], screenings: dict[Known, int], *, cause: Cause, at: dt.datetime) -> None:
    found = [
        Stood(
            session=row.session,
            screening=screenings.get((row.course, one.outcome)),
            outcome=one.outcome,
            held=rules.is_held(one.stage),
            stage=str(one.stage),
        )
        for row, one, _evaluation in turned
    ]
    if found:
        Standing.objects.stand(found, cause=cause, at=at)
