"""Send what is due, once and without Celery: for a rehearsal, or where somebody prefers cron.

The waiting list goes on with it: what it offers is told by these messages.
"""

import datetime as dt
from collections import Counter

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from treatments.reminders import actions
from treatments.reminders.models import Message
from treatments.reminders.tasks import BATCH, database_clock
from treatments.schedule import tasks as waiting


class Command(BaseCommand):
    help = "Send the messages that are due, once, and say how many."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", help="act as if it were this moment in the clinic: 2027-03-15T09:00")

    def handle(self, at: str | None = None, **options) -> None:
        moment = rehearsed(at) if at else database_clock()
        done: Counter[str] = Counter()
        due = Message.objects.filter(not_after__gte=moment)
        if at is None:
            actions.beat(at=moment)
            waiting.tick()
            done["cleared"] = actions.clear_away(at=moment)
        # A rehearsal is no proof that somebody sends, and what falls due before its day stays to be sent for real.
        for pk in due.to_send(moment, BATCH):
            done[actions.deliver(pk, at=moment) or "taken"] += 1
        counts = ", ".join(f"{count} {what}" for what, count in sorted(done.items()) if count)
        self.stdout.write(counts or "nothing is due")


def rehearsed(text: str) -> dt.datetime:
    """The moment that was typed, on the clinic's wall clock unless it says its zone. Raises CommandError."""
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        raise CommandError("--at is for rehearsals: with EMAIL_URL set, the letters would reach people.")
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is no moment; say it like 2027-03-15T09:00.") from error
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
