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
from treatments.reminders.tasks import running_clock
from treatments.schedule import tasks as waiting

LONGEST = dt.timedelta(hours=1)
A_REHEARSAL = 200  # messages at most


class Command(BaseCommand):
    help = "Send the messages that are due, once, and say how many."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", help="act as if it were this moment in the clinic: 2027-03-15T09:00")

    def handle(self, at: str | None = None, **options) -> None:
        done = rehearse(rehearsed(at)) if at else send_all()
        counts = ", ".join(f"{count} {what}" for what, count in sorted(done.items()) if count)
        self.stdout.write(counts or "nothing is due")


def send_all() -> Counter[str]:
    """What the tick and the workers do, in this process; how many of what."""
    clock = running_clock()
    waiting.tick()
    done: Counter[str] = Counter()
    for channel in actions.look(at=clock()):
        for states in actions.Turn(channel, clock=clock, ends_at=clock() + LONGEST).batches():
            done.update(state or "taken" for state in states.values())
    return done


def rehearse(moment: dt.datetime) -> Counter[str]:
    """Send as if it were that moment. It is no proof that somebody sends, and gives up on nothing."""
    due = Message.objects.filter(not_after__gte=moment)
    return Counter(actions.deliver(pk, at=moment) or "taken" for pk in due.to_send(moment, A_REHEARSAL))


def rehearsed(text: str) -> dt.datetime:
    """The moment that was typed, on the clinic's wall clock unless it says its zone. Raises CommandError."""
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        raise CommandError("--at is for rehearsals: with EMAIL_URL set, the letters would reach people.")
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is no moment; say it like 2027-03-15T09:00.") from error
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
