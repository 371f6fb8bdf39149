"""Everything around the messages is broken, in a folder of its own; then it is judged what came of them."""

import os
import platform
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from clinic.bench import databases
from clinic.bench.report import Table
from clinic.chaos import report, scene
from clinic.chaos.chart import chart
from clinic.chaos.ending import in_time, own_folder
from clinic.chaos.pace import QUICK, QUICKEST
from clinic.chaos.running import PROTECTIONS, Run, connected_to, run
from clinic.chaos.servers import Cluster
from clinic.chaos.size import Size

DOCUMENT, CHART = settings.BASE_DIR / "docs/reliability.md", settings.BASE_DIR / "docs/reliability.svg"
EMPTY, BUILT, CHASED = "clinic_chaos_empty", "clinic_chaos", "clinic_chaos_run"
A_COURSE = 12  # messages that follow from it, about
FULL_SECONDS, FULL_KILLS = 240, 60
# For runs without a protection: it is enough that there are faults.
A_FEW = Size(courses=20, seconds=15, kills=2, pace=QUICK, workers=2, beats=1, stopping=False)
SHORT = Size(courses=8, seconds=8, kills=4, pace=QUICKEST, workers=2, beats=1, stopping=False)
LONGEST = 10 * 60 - 25  # seconds, then everything is ended


class Command(BaseCommand):
    help = (
        "Messages while workers, broker, database and mail server break. Never in the clinic's own database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--messages", type=int, default=1500)
        parser.add_argument("--short", action="store_true", help="one run of seconds, with everything")
        parser.add_argument(
            "--without", choices=sorted(PROTECTIONS), help="one run without this, which must show faults"
        )
        parser.add_argument("--keep", action="store_true", help="keep the logs, in var/chaos")
        parser.add_argument("--write", action="store_true", help="write docs/reliability.md as well")

    def handle(self, *args: Any, **options: Any) -> None:
        size = SHORT if options["short"] else Size(options["messages"] // A_COURSE, FULL_SECONDS, FULL_KILLS)
        if size.courses < SHORT.courses:
            raise CommandError(f"At least {SHORT.courses * A_COURSE} messages.")
        began = time.monotonic()
        try:
            runs = self.runs(self.wanted(size, options), keep=options["keep"])
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        tables = self.tables(runs)
        for line in (line for table in tables for line in table.lines()):
            self.stdout.write(line)
        if options["write"]:
            self.write(tables, runs[0], minutes=(time.monotonic() - began) / 60)
        if missed := [one for table in tables for one in table.missed]:
            raise CommandError(f"Missed: {'; '.join(missed)}.")

    def wanted(self, size: Size, options: dict[str, Any]) -> list[tuple[str, Size]]:
        """What is taken away in which run, and the sizes of these: one, or without each of the protections too."""
        if options["without"]:
            return [(options["without"], min(size, A_FEW, key=lambda one: one.seconds))]
        without = [] if options["short"] else [(name, A_FEW) for name in PROTECTIONS]
        return [("", size), *without]

    def runs(self, wanted: list[tuple[str, Size]], *, keep: bool) -> list[Run]:
        """All of them, in copies of one database."""
        with ExitStack() as stack:
            folder = stack.enter_context(own_folder(keep=keep))
            stack.enter_context(in_time(LONGEST, folder))
            cluster = Cluster(folder)
            stack.callback(cluster.close)
            stack.enter_context(connected_to(cluster.url))
            self.tell("Building a clinic: migrations, catalogue, courses")
            databases.create_once(EMPTY, timezone.localdate())
            databases.copy(EMPTY, BUILT)
            with databases.inside(BUILT):
                stage = scene.build(max(size.courses for _name, size in wanted), timezone.now())
            return [self.run_of(stage, one, cluster, folder / (name or "full"), name) for name, one in wanted]

    def run_of(self, stage: scene.Stage, size: Size, cluster: Cluster, folder: Path, without: str) -> Run:
        protected = f" without the {without}" if without else ""
        self.tell(f"{size.courses} courses, {size.seconds:.0f} seconds, {size.kills} killings{protected}")
        folder.mkdir()
        databases.copy(BUILT, CHASED)
        _checkpoint()
        cluster.url = cluster.url_of(CHASED)
        with connected_to(cluster.url):
            some = replace(stage, courses=stage.courses[: size.courses])
            found = run(some, size, folder, cluster, without=without)
        self.tell(f"{len(found.evidence.kills)} processes killed, wrong: {sum(found.verdict.wrong.values())}")
        return found

    def tables(self, runs: list[Run]) -> list[Table]:
        first = runs[0]
        shown = [report.faults_table(first), report.counts_table(first), report.verdict_table(runs)]
        return shown if first.without else [*shown, report.recovery_table(first)]

    def write(self, tables: list[Table], run: Run, *, minutes: float) -> None:
        machine = f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"
        DOCUMENT.write_text(report.page(tables, run, machine=machine, minutes=minutes))
        CHART.write_text(chart(run))
        self.tell(
            f"Written: {DOCUMENT.relative_to(settings.BASE_DIR)}, {CHART.relative_to(settings.BASE_DIR)}"
        )

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _checkpoint() -> None:
    """What sequences of a copied database give out survives a crash only from the next checkpoint on."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
