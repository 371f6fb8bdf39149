"""Fill an empty database with a believable clinic, nobody real in it."""

import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic.demo import staff
from clinic.demo.seeding import seed
from contraindications.models import RuleSet

TLS = "The demo has passwords that everybody knows: it is never seeded where CLINIC_TLS is on."
REAL = "There is staff in this database that is no part of the demo. --force seeds it beside them."
THERE = "The demo clinic is here already. `make demo-reset` throws it away and seeds a new one."
NO_CATALOGUE = "The catalogue is missing: run `manage.py load_catalogue` first."


class Command(BaseCommand):
    help = "Seed a demo clinic: staff, patients, interviews, plans, a full calendar, messages. All of it is made up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day", type=dt.date.fromisoformat, help="the day it is seeded for; default: today"
        )
        parser.add_argument("--once", action="store_true", help="do nothing where the demo is already")
        parser.add_argument("--logins", action="store_true", help="only say the demo logins")
        parser.add_argument("--force", action="store_true", help="seed beside real staff")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["logins"]:
            return self.say_logins()
        if staff.is_open():
            if options["once"]:
                return None
            raise CommandError(THERE)
        self.refuse(force=options["force"])
        started = time.monotonic()
        seed(options["day"] or timezone.localdate())
        self.stdout.write(f"Demo clinic seeded in {time.monotonic() - started:.1f} s.")
        return None

    def refuse(self, *, force: bool) -> None:
        """CommandError where no demo belongs."""
        if settings.TLS:
            raise CommandError(TLS)
        if staff.real_staff() and not force:
            raise CommandError(REAL)
        if not RuleSet.objects.published().exists():
            raise CommandError(NO_CATALOGUE)

    def say_logins(self) -> None:
        """The logins of the demo, or nothing where there is none."""
        for email, password, roles in staff.logins():
            self.stdout.write(f"  {email:26} {password:18} {roles}")
