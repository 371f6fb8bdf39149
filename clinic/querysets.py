"""Questions about staff, and about who read what."""

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone

from clinic.roles import CLINICAL, Role

if TYPE_CHECKING:
    from clinic.models import AccessLog


class UserQuerySet(models.QuerySet):
    """Members of staff."""

    def with_role(self, *roles: str):
        """Active people who hold at least one of `roles`, each once."""
        return self.filter(is_active=True, pk__in=self._holders(*roles))

    def _holders(self, *roles: str):
        """The keys of those who hold one of `roles`: a join would bring each once for each role, to be told apart."""
        held = apps.get_model("clinic", "User").groups.through.objects
        return held.filter(group__name__in=roles).values("user")

    def doctors(self):
        return self.with_role(Role.DOCTOR)

    def practitioners(self):
        """Those who treat: doctors and nurses."""
        return self.with_role(*CLINICAL)

    def who_may_treat(self):
        """Active doctors, and active nurses whose cooperating doctor is an active doctor (S1 L13)."""
        doctors = UserQuerySet(self.model).doctors().values("pk")
        nurse = Q(pk__in=self._holders(Role.NURSE), cooperating_doctor__in=doctors)
        return self.filter(Q(pk__in=self._holders(Role.DOCTOR)) | nurse, is_active=True)

    def for_staff_list(self):
        """All that the list of staff shows: who may log in first, by name. Three SQL queries."""
        second_factor = Exists(
            Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
        )
        return (
            self.select_related("cooperating_doctor")
            .prefetch_related("groups", "working_hours")
            .annotate(has_second_factor=second_factor)
            .order_by("-is_active", Lower("name"), "pk")
        )


# Raw, since every page of a record waits for it.
READING = ("at", "actor_id", "actor", "roles", "view", "method", "address", "listed")
READ = f"""
INSERT INTO clinic_accesslog ({", ".join(READING)}, patient_id)
SELECT {", ".join(["%s"] * len(READING))}, patient FROM unnest(%s::bigint[]) AS patient
"""  # noqa: S608 (names of ours)

READ_ANEW = f"""{READ}
WHERE NOT EXISTS (
    SELECT FROM clinic_accesslog AS lately
    WHERE lately.actor_id = %s AND lately.at > %s AND lately.view = ANY(%s) AND lately.listed
        AND lately.patient_id = patient
)
"""


class AccessLogQuerySet(models.QuerySet):
    """Reads of patients' records."""

    def read(self, reading: "AccessLog", patients: Collection[int]) -> None:
        """Write that these patients were shown, each in a row as `reading` says, in one statement."""
        said: list[Any] = [getattr(reading, name) for name in READING]
        with connection.cursor() as cursor:
            cursor.execute(READ, [*said, list(patients)])

    def read_anew(
        self, reading: "AccessLog", patients: Collection[int], *, since: dt.datetime, on: Collection[str]
    ) -> None:
        """The same, but nothing about those whom one of the pages `on` has listed to the same person `since` then."""
        said: list[Any] = [getattr(reading, name) for name in READING]
        with connection.cursor() as cursor:
            cursor.execute(READ_ANEW, [*said, list(patients), reading.actor_id, since, list(on)])

    def on_day(self, day: dt.date):
        """Those of one day of the clinic, however many hours it has."""
        return self.filter(at__gte=_midnight(day), at__lt=_midnight(day + dt.timedelta(days=1)))

    def before(self, last: "tuple[dt.datetime, int] | None"):
        """The newest first, after the row (at, id) that the page before ended with."""
        rows = self if last is None else self.filter(Q(at__lt=last[0]) | Q(at=last[0], pk__lt=last[1]))
        return rows.order_by("-at", "-pk")


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
