"""Fill an empty database with a believable clinic, nobody real in it."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic.demo import bulk, staff
from clinic.demo.seeding import seed
from contraindications.models import RuleSet

TLS = "The demo has passwords that everybody knows: it is never seeded where CLINIC_TLS is on."
REAL = "There is staff in this database that is no part of the demo. --force seeds it beside them."
THERE = "The demo clinic is here already. `make demo-reset` throws it away and seeds a new one."
BULK = "The bulk is here already. `make demo-reset` throws it away with the demo."
TOO_FEW = "--patients and --sessions go together: at least {} patients, at least one session."
NO_CATALOGUE = "The catalogue is missing: run `manage.py load_catalogue` first."


class Command(BaseCommand):
    help = "Seed a demo clinic: staff, patients, interviews, plans, a full calendar, messages. All of it is made up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day", type=dt.date.fromisoformat, help="the day it is seeded for; default: today"
        )
        parser.add_argument("--once", action="store_true", help="do nothing where the demo is already")
        parser.add_argument("--logins", action="store_true", help="only say the demo logins")
        parser.add_argument(
            "--patients", type=int, metavar="N", help="load so many more patients in bulk ..."
        )
        parser.add_argument(
            "--sessions", type=int, metavar="M", help="... and so many sessions: for benchmarks"
        )
        parser.add_argument("--force", action="store_true", help="seed beside real staff")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["logins"]:
            return self.say_logins()
        size = self.size(options["patients"], options["sessions"])
        day = options["day"] or timezone.localdate()
        refusal = self.refusal(size, force=options["force"])
        if refusal and not options["once"]:
            raise CommandError(refusal)
        if refusal:
            return None if refusal == THERE else self.tell(refusal)
        if not staff.is_open():
            self.timed("Demo clinic seeded", lambda: seed(day))
        if size:
            self.load(size, day)
        return None

    def refusal(self, size: bulk.Size | None, *, force: bool) -> str | None:
        """Why nothing is seeded here, or None. CommandError where there is nothing to build on."""
        if settings.TLS:
            return TLS
        if bulk.is_loaded() if size else staff.is_open():
            return BULK if size else THERE
        if staff.real_staff() and not force:
            return REAL
        if not RuleSet.objects.published().exists():
            raise CommandError(NO_CATALOGUE)
        return None

    def size(self, patients: int | None, sessions: int | None) -> bulk.Size | None:
        """How much is loaded in bulk, if anything. CommandError for what cannot be loaded."""
        if patients is None and sessions is None:
            return None
        if (patients or 0) < bulk.FEWEST_PATIENTS or (sessions or 0) < 1:
            raise CommandError(TOO_FEW.format(bulk.FEWEST_PATIENTS))
        return bulk.Size(patients or 0, sessions or 0)

    def load(self, size: bulk.Size, day: dt.date) -> None:
        self.timed(
            f"{size.patients:,} patients and {size.sessions:,} sessions loaded",
            lambda: bulk.load(size, day, tell=self.tell),
        )

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def timed(self, done: str, action: Callable[[], None]) -> None:
        started = time.monotonic()
        action()
        self.tell(f"{done} in {time.monotonic() - started:.1f} s.")

    def say_logins(self) -> None:
        """The logins of the demo, or nothing where there is none."""
        for email, password, roles in staff.logins():
            self.stdout.write(f"  {email:26} {password:18} {roles}")
