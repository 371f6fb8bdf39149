"""What is counted about messages, for Prometheus. Kinds and states; nothing of a person."""

import datetime as dt

from treatments.reminders.exposition import Metric, Sample
from treatments.reminders.models import Message
from treatments.reminders.pulse import feel

RECENT = dt.timedelta(days=7)


def numbers(at: dt.datetime) -> list[Metric]:
    """All metrics as they stand at `at`. Three queries."""
    return [_recent(at), *_pulse(at), *_ever()]


def _recent(at: dt.datetime) -> Metric:
    rows = Message.objects.counted(at - RECENT, at)
    labels = ("state", "kind", "channel")
    said = [(dict(zip(labels, row[:3], strict=True)), row[3]) for row in rows]
    return Metric("clinic_messages", "gauge", "Messages that were due within the last seven days.", said)


def _pulse(at: dt.datetime) -> list[Metric]:
    pulse = feel().pulse
    waits, silent = pulse.waits(at), pulse.silent(at)
    ticked: list[Sample] = [] if silent is None else [({}, silent.total_seconds())]
    return [
        Metric(
            "clinic_messages_oldest_due_seconds",
            "gauge",
            "How long the oldest message that waits is overdue.",
            [({}, waits.total_seconds())],
        ),
        Metric("clinic_messages_last_tick_seconds", "gauge", "How long ago the tick ran.", ticked),
    ]


def _ever() -> list[Metric]:
    """Counters never go down: what came back and is tried again was sent all the same, and failed all the same."""
    ever = Message.objects.counted_ever()
    said = {
        "sent": "Messages that were sent.",
        "failed": "Messages that failed or came back.",
        "maybe_twice": "Messages that may have arrived twice.",
    }
    return [Metric(f"clinic_messages_{one}_total", "counter", said[one], [({}, ever[one])]) for one in said]
