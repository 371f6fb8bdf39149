"""Measure the clinic beside its targets, in databases of its own."""

import platform
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.bench import chart, databases, documentation, measuring, report
from clinic.demo import bulk

DOCUMENT = settings.BASE_DIR / "docs/performance.md"


class Command(BaseCommand):
    help = "Print how fast the clinic is beside its targets. Uses databases of its own, never the clinic's."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--patients", type=int, default=100_000, help="of the large database")
        parser.add_argument("--sessions", type=int, default=1_000_000, help="of the large database")
        parser.add_argument(
            "--requests", type=int, default=6, help="for each page, five times in each database"
        )
        parser.add_argument("--fresh", action="store_true", help="build the databases anew")
        parser.add_argument("--drop", action="store_true", help="throw the databases away at the end")
        parser.add_argument("--write", action="store_true", help="write docs/performance.md as well")

    def handle(self, *args: Any, **options: Any) -> None:
        if min(options["patients"], options["sessions"]) < bulk.FEWEST_PATIENTS or options["requests"] < 1:
            raise CommandError(f"At least {bulk.FEWEST_PATIENTS} patients and sessions, and one request.")
        size = bulk.Size(options["patients"], options["sessions"])
        call_command("collectstatic", verbosity=0, interactive=False)
        try:
            day = databases.prepare(size, keep=not options["fresh"], tell=self.tell)
            tables = measuring.run(size, day, requests=options["requests"], tell=self.tell)
        finally:
            if options["drop"]:
                databases.drop()
        self.say(tables)
        if options["write"]:
            self.write(DOCUMENT, tables)

    def say(self, tables: list[report.Table]) -> None:
        for table in tables:
            for line in table.lines():
                self.stdout.write(line)
        missed = [one for table in tables for one in table.missed]
        self.tell(f"Missed: {'; '.join(missed)}." if missed else "Every target is met.")

    def write(self, path: Path, tables: list[report.Table]) -> None:
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        path.write_text(documentation.page(tables, machine=machine))
        path.with_suffix(".svg").write_text(chart.chart(tables))
        self.tell(f"Written: {path.relative_to(settings.BASE_DIR)}")

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
