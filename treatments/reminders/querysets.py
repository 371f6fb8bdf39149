"""Questions about messages."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import connection, models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest

from clinic.models import User
from clinic.roles import BOOKING, Role
from patients.actions.links import working
from patients.models import Patient, Report
from patients.tokens import hashed
from treatments.courses.models import Course, CourseState
from treatments.reminders.models.wishes import MessageWish
from treatments.schedule.away.absences import days_span
from treatments.schedule.models import Offer, Session, SessionState

if TYPE_CHECKING:
    from treatments.reminders.models import Message

# What can be asked of the ledger beside the states that a message has.
RETRIABLE, TWICE = "retriable", "twice"
A_DAY = dt.timedelta(days=1)


# Raw, since a booking waits for it. What is written later is empty yet.
PROMISED = {
    "kind": "text",
    "channel": "text",
    "patient_id": "bigint",
    "staff_id": "bigint",
    "course_id": "bigint",
    "session_id": "bigint",
    "link_id": "bigint",
    "offer_id": "bigint",
    "step": "smallint",
    "subject_version": "int",
    "due_at": "timestamptz",
    "try_at": "timestamptz",
    "not_after": "timestamptz",
    "state": "text",
    "message_id": "text",
    "why": "text",
    "maybe_twice": "boolean",
    "created_at": "timestamptz",
}
PROMISE = f"""
INSERT INTO reminders_message ({", ".join(PROMISED)}, about, told_before, attempts, language, sent_to, sent_subject,
    sent_text, provider_ref)
SELECT {", ".join(PROMISED)}, about::bigint[], told_before::jsonb, 0, '', '', '', '', ''
FROM unnest({", ".join(f"%s::{kind}[]" for kind in PROMISED.values())}, %s::text[], %s::text[])
    AS one ({", ".join(PROMISED)}, about, told_before)
"""  # noqa: S608 (names of ours)


class MessageQuerySet(models.QuerySet):
    """Messages."""

    def write(self, rows: "Sequence[Message]", *, once: bool) -> None:
        """Write new messages in one statement; `once`: those that are there already stay as they are.

        They do not learn their keys.
        """
        said = [[getattr(row, name) for row in rows] for name in PROMISED]
        about = [
            "{" + ",".join(map(str, row.about)) + "}" for row in rows
        ]  # unnest takes no arrays of arrays
        before = [None if row.told_before is None else json.dumps(row.told_before) for row in rows]
        with connection.cursor() as cursor:
            cursor.execute(f"{PROMISE} ON CONFLICT DO NOTHING" if once else PROMISE, [*said, about, before])

    def held(self, *, skip_locked: bool = False) -> Self:
        """These, locked until the transaction ends; `skip_locked`: those of them that nobody else holds.

        Whoever locks several messages does it in the order of their keys, all at once: two that lock bit by bit, or
        in another order, would wait for each other for ever. One statement, with the change that follows.
        """
        keys = self.order_by("pk").select_for_update(skip_locked=skip_locked).values("pk")
        held: Self = type(self)(self.model).filter(pk__in=keys)
        return held

    def visible_to(self, user: User) -> Self:
        """All of them for those who book and for clinic admins, none for others."""
        return self if user.has_role(*BOOKING, Role.CLINIC_ADMIN) else self.none()

    def claimable(self, at: dt.datetime) -> Self:
        """Those that may be sent now: their time has come, and nobody has claimed them, or whoever did is gone."""
        free = Q(lease_until=None) | Q(lease_until__lt=at)
        return self.filter(free, state="due", try_at__lte=at)

    def in_turn(self) -> Self:
        """Those first that wait longest."""
        return self.order_by("try_at", "pk")

    def to_send(self, at: dt.datetime, limit: int) -> list[int]:
        """The keys of at most `limit` claimable messages, those first that wait longest."""
        return list(self.claimable(at).in_turn().values_list("pk", flat=True)[:limit])

    def too_late(self, at: dt.datetime) -> Self:
        """Those whose turn has come when nobody needs them any more."""
        return self.filter(state="due", try_at__lte=at, not_after__lt=at)

    def broken_off(self, at: dt.datetime) -> Self:
        """Those whose sending was begun by somebody who is gone: they may have arrived."""
        return self.filter(state="sending", lease_until__lt=at)

    def reported(self, channel: str, ref: str) -> Self:
        """Those of which a provider speaks by this reference; nothing has none."""
        return self.filter(channel=channel, provider_ref=ref).exclude(provider_ref="") if ref else self.none()

    def with_wishes(self, topics: Mapping[str, str]) -> Self:
        """Adds the patient, and `wish`: what they last said about the topic of the message (None: nothing).

        `topics` is {kind: topic}.
        """
        topic = Case(
            *[When(kind=kind, then=Value(topic)) for kind, topic in topics.items()], default=Value("")
        )
        said = MessageWish.objects.filter(patient=OuterRef("patient"), topic=OuterRef("topic"))
        latest = said.order_by("-said_at", "-pk").values("wanted")[:1]
        return self.select_related("patient").annotate(topic=topic).annotate(wish=Subquery(latest))

    def with_recall_truth(self, at: dt.datetime) -> Self:
        """Adds what decides whether a maintenance reminder is still wanted at `at`, see `rules.Recall`.

        A course counts as newer when it was confirmed later and is under way, or is finished and has a protocol:
        then it brings a reminder of its own.
        """
        newer = Course.objects.filter(
            Q(state=CourseState.CONFIRMED) | Q(state=CourseState.FINISHED, protocol__isnull=False),
            patient=OuterRef("patient"),
            confirmed_at__gt=OuterRef("course__confirmed_at"),
        )
        ahead = Session.objects.filter(
            course__patient=OuterRef("patient"),
            state=SessionState.BOOKED,
            starts_at__gte=Greatest(OuterRef("due_at"), at, output_field=models.DateTimeField()),
        )
        answers = apps.get_model("reminders", "RecallAnswer").objects.filter(course=OuterRef("course"))
        return self.select_related("course").annotate(
            newer_course=Exists(newer), booked_ahead=Exists(ahead), recall_answered=Exists(answers)
        )

    def with_session_truth(self) -> Self:
        """Adds what decides about a message before a session, see `rules.Ahead`.

        `same_start`: it starts when it did at the version of the promise. `promised_since`: for a later version.
        """
        then = apps.get_model("schedule", "SessionEvent").objects.filter(
            pgh_obj=OuterRef("session"),
            version=OuterRef("subject_version"),
            starts_at=OuterRef("session__starts_at"),
        )
        later: MessageQuerySet = MessageQuerySet(self.model).filter(
            session=OuterRef("session"),
            kind=OuterRef("kind"),
            step=OuterRef("step"),
            subject_version__gt=OuterRef("subject_version"),
        )
        return self.select_related("session").annotate(same_start=Exists(then), promised_since=Exists(later))

    def with_request_truth(self, at: dt.datetime) -> Self:
        """Adds what decides about a request to answer the interview, see `rules.Request`."""
        answered = Report.objects.filter(
            patient=OuterRef("patient"), submitted_at__gte=OuterRef("created_at")
        )
        return self.annotate(
            link_works=Exists(working(at).filter(pk=OuterRef("link"))), answered=Exists(answered)
        )

    def with_offer_truth(self, at: dt.datetime) -> Self:
        """Adds what decides about what the waiting list tells, see `rules.Offered`."""
        told: MessageQuerySet = MessageQuerySet(self.model).filter(
            Q(state__in=["sent", "delivered", "bounced", "sending"]) | Q(maybe_twice=True), kind="offer"
        )
        return self.annotate(
            offer_open=Exists(Offer.objects.open(at).filter(pk=OuterRef("offer"))),
            offer_told=Exists(told.filter(offer=OuterRef("offer"))),
        )

    def retriable(self, at: dt.datetime) -> Self:
        """Those that failed or came back, and that a person may still have tried again."""
        return self.filter(state__in=["failed", "bounced"], not_after__gte=at)

    def missed(self, at: dt.datetime) -> Self:
        """Those to patients that were given up as too late within the last day: a call may still help."""
        return self.filter(state="expired", not_after__range=(at - A_DAY, at), patient__isnull=False)

    def counted(self, since: dt.datetime, until: dt.datetime) -> list[tuple[str, str, str, int]]:
        """(state, kind, channel, how many) of those due between two moments, in one query."""
        named = self.filter(due_at__range=(since, until)).order_by().values_list("state", "kind", "channel")
        return list(named.annotate(count=models.Count("pk")).order_by("state", "kind", "channel"))

    def counted_by_state(self) -> dict[str, int]:
        """How many are in which state, in one query."""
        rows = self.order_by().values_list("state").annotate(count=models.Count("pk"))
        return dict(rows.order_by("state"))

    def counted_ever(self) -> dict[str, int]:
        """How many were ever sent, ever failed, and may have arrived twice, in one query. None of these goes down.

        Each is asked for on its own, since each has an index of its own.
        """
        again = self.filter(put_back_at__isnull=False)
        ever = {
            "sent": [
                self.filter(sent_at__isnull=False),
                again.filter(sent_at=None, bounced_at__isnull=False),
            ],
            "failed": [
                self.filter(state__in=["failed", "bounced"]),
                again.exclude(state__in=["failed", "bounced"]),
            ],
            "maybe_twice": [self.filter(maybe_twice=True)],
        }
        parts = [
            part.order_by().values(what=Value(what)).annotate(count=models.Count("pk"))
            for what, some in ever.items()
            for part in some
        ]
        found = dict.fromkeys(ever, 0)
        for row in parts[0].union(*parts[1:], all=True):
            found[row["what"]] += row["count"]
        return found

    def that_may_turn(self, patient_id: int, at: dt.datetime) -> Self:
        """The patient's messages that wait, or were found needless and whose day is still to come."""
        return self.filter(Q(state="due") | Q(state="suppressed", due_at__gt=at), patient=patient_id)

    def that_may_go(self, patient_id: int, channel: str, at: dt.datetime) -> Self:
        """The same, and all that were found needless and would go by this channel, whenever."""
        taken_back = Q(state="suppressed", channel=channel)
        return self.filter(
            Q(state="due") | Q(state="suppressed", due_at__gt=at) | taken_back, patient=patient_id
        )

    def of_patient(self, patient: Patient) -> Self:
        """What the patient's page shows, newest first."""
        return self.filter(patient=patient).select_related("patient").order_by("-due_at", "-pk")

    def for_ledger(self) -> Self:
        """Rows with all that the page of messages shows, newest first, in one query."""
        return self.select_related("patient", "staff", "put_back_by").order_by("-due_at", "-pk")

    def oldest_first(self) -> Self:
        """The other way round, which the same indexes serve."""
        return self.order_by("due_at", "pk")

    def for_record(self) -> Self:
        """The same with the text that each was written from."""
        return self.for_ledger().select_related("wording")

    def asked_for(
        self,
        *,
        q: str,
        state: str,
        kind: str,
        channel: str,
        since: dt.date | None,
        until: dt.date | None,
        at: dt.datetime,
    ) -> Self:
        """What the filter of the ledger leaves; what is empty leaves everything."""
        found = self.matching(q).in_state(state, at).due_between(since, until)
        wanted = {name: code for name, code in {"kind": kind, "channel": channel}.items() if code}
        return found.filter(**wanted)

    def in_state(self, state: str, at: dt.datetime) -> Self:
        """Those in a state, or in what can be asked for beside the states; "": all of them."""
        if state == RETRIABLE:
            return self.retriable(at)
        if state == TWICE:
            return self.filter(maybe_twice=True)
        return self.filter(state=state) if state else self

    def due_between(self, since: dt.date | None, until: dt.date | None) -> Self:
        """Those due from the one day of the clinic to the other, both included; None: without an end."""
        found = self
        if since:
            found = found.filter(due_at__gte=days_span(since, since)[0])
        return found.filter(due_at__lt=days_span(until, until)[1]) if until else found

    def matching(self, typed: str) -> Self:
        """Those of the patients that `typed` finds; all of them if nothing was typed."""
        if not typed.strip():
            return self
        return self.filter(patient__in=Patient.objects.found_by(typed).order_by().values("pk"))

    def older_than(self, due_at: dt.datetime, pk: int) -> Self:
        """Those that follow the row with this `due_at` and key in the order of the ledger."""
        return self.filter(due_at__lte=due_at).filter(Q(due_at__lt=due_at) | Q(pk__lt=pk))

    def younger_than(self, due_at: dt.datetime, pk: int) -> Self:
        """Those that follow it where the oldest stand first."""
        return self.filter(due_at__gte=due_at).filter(Q(due_at__gt=due_at) | Q(pk__gt=pk))


class LinkTokenQuerySet(models.QuerySet):
    """Links in letters."""

    def working(self, at: dt.datetime) -> Self:
        """Those that open something at `at`: in time, and of a patient who is still reached where the letter went.

        While a letter is being sent, or after a crash in that moment, nothing is written down of where it went.
        """
        there = Q(message__sent_to__in=["", F("message__patient__email"), F("message__patient__phone")])
        patient = {"message__patient__died_on": None, "message__patient__duplicate_of": None}
        return self.filter(there, expires_at__gt=at, **patient)

    def by_token(self, token: str) -> Self:
        return self.filter(token_hash=hashed(token))
