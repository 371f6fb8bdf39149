"""Questions about patients."""

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.models import F, Func, Max, Q, Value
from django.db.models.functions import Lower

from clinic.models import AccessLog, User
from clinic.prepared import Prepared, asked
from clinic.roles import BOOKING
from patients import searching, tokens

# Of two people born on the same day: "Ana Nowak" and "Anna Nowak" are alike, "Jan Kowalski" and "Ana Nowak" are not.
ALIKE = 0.3


def folded(expression: Any) -> Func:
    """Text as the search column holds it: lower case, no accents, one space between words."""
    return Func(expression, function="search_text", output_field=models.TextField())


class Told(NamedTuple):
    """Of an interview or a report what screening asks for, without the rest of the row."""

    pk: int
    answers: dict[str, dict[str, str]]
    allergies: dict[str, Any] | None


class PatientQuerySet(models.QuerySet):
    """Patients."""

    def visible_to(self, user):
        """The patients whose record `user` may open: all of them for clinical staff and front desk, else none."""
        return self if user.has_role(*BOOKING) else self.none()

    def lock(self, patient):
        """The row of `patient`, locked to the end of the transaction: first of all locks on the patient's things."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)

    def found_by(self, typed: str):
        """Who has every part of what was typed: names in any order, phone digits, date of birth. By name.

        Each part is `search LIKE '%part%'` with its wildcards escaped, which the trigram index answers.
        """
        found = self
        for part in searching.parts(typed):
            found = found.filter(search__contains=folded(Value(part)) if part.startswith(" ") else part)
        return found.order_by(
            "search", "id"
        )  # begins with the folded name, and is stored: nothing to compute

    def likely_duplicates(self, *, name: str, birth_date: dt.date, phone: str, email: str):
        """Who may be this person: born that day with a similar name, or reached by the same phone or e-mail."""
        same = Q(birth_date=birth_date, alike__gte=ALIKE)
        if phone:
            same |= Q(phone=phone)
        if email:
            same |= Q(mailbox=email.lower()) & ~Q(email="")
        alike = Func(
            folded(F("name")), folded(Value(name)), function="similarity", output_field=models.FloatField()
        )
        return self.alias(alike=alike, mailbox=Lower("email")).filter(same).order_by("name", "id")

    def others_like(self, patient):
        """The records that go on and may be of the same person as this one."""
        others = self.filter(duplicate_of=None).exclude(pk=patient.pk)
        return others.likely_duplicates(
            name=patient.name,
            birth_date=patient.birth_date,
            phone=str(patient.phone or ""),
            email=patient.email,
        )

    def recently_opened_by(self, user: User, most: int = 10) -> list:
        """The patients whose record `user` opened last, newest first. Two SQL queries."""
        opened = (
            AccessLog.objects.filter(actor_id=user.pk, listed=False)
            .order_by("-at")
            .values_list("patient_id", flat=True)
        )
        latest = list(dict.fromkeys(opened[:200]))[:most]
        known = self.in_bulk(latest)
        return [known[pk] for pk in latest if pk in known]


class InterviewQuerySet(models.QuerySet):
    """Interviews."""

    def submitted(self):
        return self.filter(submitted_at__isnull=False)

    def standing(self, patient, *, before: dt.datetime | None = None):
        """The newest submitted interview of `patient`, or None; the one that stood just `before` a moment."""
        return self.select_related("submitted_by").submitted_last(patient, before=before)

    def submitted_last(self, patient, *, before: dt.datetime | None = None):
        """The same without who submitted it."""
        found = self.submitted().filter(patient=patient)
        if before is not None:
            found = found.filter(submitted_at__lt=before)
        return found.order_by("-number").first()

    def standing_of(self, patients: Collection[int]) -> dict[int, Told]:
        """What the newest submitted interview of each of the patients says, in one query."""
        return _told(STANDING, patients)

    def draft_of(self, patient):
        """The interview of `patient` that is under way, or None."""
        return self.filter(patient=patient, submitted_at=None).select_related("saved_by").first()

    def versions_of(self, patient):
        """The submitted interviews of `patient` for a list, newest first; without their answers."""
        return (
            self.submitted()
            .filter(patient=patient)
            .select_related("submitted_by")
            .defer("answers", "allergies")
            .order_by("-number")
        )


class ReportQuerySet(models.QuerySet):
    """What patients answered by themselves."""

    def unsettled(self):
        """Signed, and no practitioner has confirmed it or set it aside."""
        return self.filter(submitted_at__isnull=False, settled_at=None)

    def pending(self, patient, *, before: dt.datetime | None = None):
        """The unsettled report of `patient`, or None; the one that was unsettled just `before` a moment.

        There is never more than one.
        """
        if before is None:
            return self.unsettled().filter(patient=patient).first()
        unsettled = Q(settled_at=None) | Q(settled_at__gte=before)
        return self.filter(unsettled, patient=patient, submitted_at__lt=before).first()

    def pending_of(self, patients: Collection[int]) -> dict[int, Told]:
        """What the unsettled report of each of the patients says, in one query."""
        return _told(PENDING, patients)

    def draft_of(self, patient, *, since: dt.datetime):
        """What `patient` answered and has not signed, or None; one left alone since before `since` does not count."""
        return self.filter(patient=patient, submitted_at=None, saved_at__gte=since).first()


class InterviewLinkQuerySet(models.QuerySet):
    """Links by which patients answer by themselves."""

    def by_token(self, token: str):
        """The link that `token` opens, if there is one."""
        return self.filter(token_hashes__contains=[tokens.hashed(token)])

    def working(self, at: dt.datetime, *, most_tries: int):
        """Those that still open an interview at `at`; none of a record that has ended."""
        goes_on = {"patient__died_on": None, "patient__duplicate_of": None}
        rows = self.filter(revoked_at=None, expires_at__gt=at, tries__lt=most_tries, **goes_on)
        return rows.exclude(reports__submitted_at__isnull=False)

    def for_page(self, patient, most: int = 5):
        """The newest links of `patient` with who made them and how far the patient got; one query."""
        return (
            self.filter(patient=patient)
            .select_related("created_by", "revoked_by")
            .annotate(begun_at=Max("reports__started_at"), submitted_at=Max("reports__submitted_at"))
            .order_by("-created_at", "-pk")[:most]
        )


def _told(question: Prepared, patients: Collection[int]) -> dict[int, Told]:
    return {patient: Told(*told) for patient, *told in question.rows(patients=list(patients))}


def _standing() -> models.QuerySet:
    rows = apps.get_model("patients", "Interview").objects.submitted()
    found = rows.filter(patient__among=asked("patients")).order_by("patient_id", "-number")
    return found.distinct("patient_id").values_list("patient", *Told._fields)


def _pending() -> models.QuerySet:
    rows = apps.get_model("patients", "Report").objects.unsettled()
    return rows.filter(patient__among=asked("patients")).values_list("patient", *Told._fields)


STANDING, PENDING = Prepared(_standing), Prepared(_pending)
