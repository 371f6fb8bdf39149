"""Load the documented data: health facts, lists, catalogue. Safe to run at every start."""

import time

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from clinic.models import Clinic
from treatments.catalogue.loading import Report, load
from treatments.catalogue.shipped import ShippedDataError

SAID = {
    "added": "added",
    "updated": "updated to what ships now",
    "kept": "kept as the clinic changed them",
    "left out": "left out, the clinic deleted them or what they refer to",
}


class Command(BaseCommand):
    help = "Load the documented data (health facts, lists, catalogue). Keeps what the clinic changed."

    def handle(self, *args, **options) -> None:
        started = time.monotonic()
        try:
            report = load(at=timezone.now())
        except ShippedDataError as error:
            raise CommandError(f"Nothing was loaded. {error}") from error
        except OperationalError as error:
            raise CommandError(f"Nothing was loaded. {str(error).splitlines()[0]}") from error
        for line in said(report):
            self.stdout.write(line)
        self.stdout.write(f"Catalogue loaded in {time.monotonic() - started:.1f} s.")


def said(report: Report) -> list[str]:
    """What a load did, in lines for people: counts, and which rows."""
    lines = []
    for outcome, words in SAID.items():
        for model, codes in report.rows[outcome].items():  # type: ignore[index]
            kind = "clinic settings" if model is Clinic else str(model._meta.verbose_name_plural)
            lines.append(f"{len(codes)} {kind} {words}: {', '.join(codes)}")
    if report.no_longer_shipped:
        lines.append(f"No longer part of what ships, left as they are: {', '.join(report.no_longer_shipped)}")
    lines.append(f"{report.count('same')} rows as they were.")
    if report.published:
        lines.append(f"Rule set {report.published} published: the documented lists.")
    if report.lists_differ_from:
        lines.append(
            f"The lists that ship differ from rule set {report.lists_differ_from}. Nothing was changed there: "
            "new lists come into force only when the clinic publishes them."
        )
    return lines
