"""`manage.py replay`: work every stored screening out again from its own snapshot and rule set."""

import datetime as dt
import sys
import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from contraindications.models import Screening
from contraindications.replaying import replay

SOME_DIFFER = 1


class Command(BaseCommand):
    """Exit status: 0, or 1 if a screening does not come out as it was stored."""

    help = "Work every stored screening out again; say which do not come out the same to the byte."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=_day, metavar="YYYY-MM-DD", help="only those made on or after a day"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began, count, differing = time.monotonic(), 0, 0
        for one in replay(_made_since(options["since"])):
            count += 1
            if one.differs:
                differing += 1
                self.stdout.write(f"screening {one.pk} differs: {', '.join(one.differs)}")
        self.say(count, differing, time.monotonic() - began)
        if differing:
            self.stdout.flush()
            sys.exit(SOME_DIFFER)

    def say(self, count: int, differing: int, seconds: float) -> None:
        found = f"{differing:,} differ" if differing else "all the same to the byte"
        speed = f"{count / seconds:,.0f} a second" if seconds else "at once"
        self.stdout.write(f"{count:,} screenings worked out again in {seconds:,.1f} s ({speed}): {found}.")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day such as 2026-11-21") from None


def _made_since(day: dt.date | None) -> QuerySet[Screening]:
    """All screenings, or those made from the first minute of a day of the clinic's."""
    if day is None:
        return Screening.objects.all()
    return Screening.objects.filter(at__gte=timezone.make_aware(dt.datetime.combine(day, dt.time.min)))
