"""Many people want the same times at once, in a database of their own; then it is judged what came of it."""

import platform
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic.bench import databases
from clinic.bench.report import Table
from clinic.contest import report, scene
from clinic.contest.fighting import FULL, HALVES, NONE, Protection, Run, fight

BUILT, FOUGHT_IN = "clinic_contest", "clinic_contest_run"
DOCUMENT = settings.BASE_DIR / "docs/booking.md"
A_FEW = 400  # attempts with less protection


class Command(BaseCommand):
    help = (
        "Contested bookings, moves and cancellations by eight processes. Never in the clinic's own database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--attempts", type=int, default=10_000)
        parser.add_argument("--write", action="store_true", help="write docs/booking.md as well")

    def handle(self, *args: Any, **options: Any) -> None:
        contests = options["attempts"] // scene.CROWD
        if not scene.CROWD <= contests <= scene.CONTESTS:
            raise CommandError(f"{scene.CROWD**2} to {scene.CONTESTS * scene.CROWD:,} attempts.")
        began = time.monotonic()
        runs = self.fought(options["attempts"])
        tables = [
            report.contests_table(runs[0].fought),
            report.times_table(runs[0].fought),
            report.protection_table(runs),
        ]
        self.say(tables, runs)
        if options["write"]:
            self.write(DOCUMENT, tables, minutes=(time.monotonic() - began) / 60)
        if missed := [one for table in tables for one in table.missed]:
            raise CommandError(f"Missed: {'; '.join(missed)}.")

    def fought(self, attempts: int) -> list[Run]:
        self.tell(f"Building {BUILT}")
        databases.create(BUILT)
        try:
            few = min(attempts, A_FEW)
            with databases.inside(BUILT):
                day = timezone.localdate()
                stage = scene.build(attempts // scene.CROWD, day, unprotected=few // scene.CROWD)
            sizes = [(FULL, attempts), *((half, few) for half in HALVES), (NONE, few)]
            return [self.run_of(stage, protection, size) for protection, size in sizes]
        finally:
            for name in (FOUGHT_IN, BUILT):
                databases.on_the_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def run_of(self, stage: scene.Scene, protection: Protection, attempts: int) -> Run:
        self.tell(f"{attempts:,} attempts, protected by: {protection.name}")
        databases.copy(BUILT, FOUGHT_IN)
        with databases.inside(FOUGHT_IN):
            return Run(protection, fight(stage, attempts, protection))

    def say(self, tables: list[Table], runs: list[Run]) -> None:
        for line in (line for table in tables for line in table.lines()):
            self.stdout.write(line)
        for error in runs[0].fought.errors[:20]:
            self.stderr.write(error)

    def write(self, path: Path, tables: list[Table], *, minutes: float) -> None:
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        path.write_text(report.page(tables, machine=machine, minutes=minutes))
        self.tell(f"Written: {path.relative_to(settings.BASE_DIR)}")

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
