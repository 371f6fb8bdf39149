"""Messages are sent, batch after batch over one line, each at most once, and only while it is still true."""

import datetime as dt
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from clinic.models import Clinic
from patients.actions import LinkDead, mark_sent
from patients.models import Patient
from treatments.reminders import channels, kinds, links, rules, rules_channels, wording, words, writing
from treatments.reminders.actions.claiming import Claimed, claim, not_begun, pause, release, works_again
from treatments.reminders.actions.journal import Journal, in_trouble, quickly, reconnect
from treatments.reminders.actions.outcomes import Outcome, again, ended, sent, untried
from treatments.reminders.actions.reports import nobody_there, taken_again
from treatments.reminders.actions.truth import each_or_alone, refusals
from treatments.reminders.models import Message, MessageState
from treatments.schedule.actions import OfferGone

logger = logging.getLogger(__name__)
Clock = Callable[[], dt.datetime]
States = dict[int, MessageState | None]  # what became of messages, by key; None: somebody else has them


def deliver(pk: int, *, at: dt.datetime) -> MessageState | None:
    """Send the message if its time has come, nobody else is at it and it is still true.

    Returns what became of it, or None if it was not ours to send. Not inside a transaction: the claim is committed
    before anything leaves the house.
    """
    channel = Message.objects.values_list("channel", flat=True).filter(pk=pk).first()
    if channel is None:
        return None
    claimed = claim(channel, at=at, only=pk)
    with channels.kept(channel) as line:
        return Batch(claimed, line, channel=channel, clock=lambda: at).send().get(pk)


class Turn:
    """One worker's turn at a channel. `again_at` says afterwards when it is worth another, None: with the next tick."""

    def __init__(self, channel: str, *, clock: Clock, ends_at: dt.datetime):
        self.channel, self.clock, self.ends_at = channel, clock, ends_at
        self.again_at: dt.datetime | None = None

    def batches(self) -> Iterator[States]:
        """Send batch after batch, until nothing is due, the channel rests, or the time is up."""
        with channels.kept(self.channel) as line:
            while self.again_at is None and (at := self.clock()) < self.ends_at:
                claimed = claim(self.channel, at=at)
                if not claimed.messages:
                    self.again_at = claimed.again_at
                    return
                batch = Batch(claimed, line, channel=self.channel, clock=self.clock, ends_at=self.ends_at)
                yield batch.send()
                self.again_at = batch.rests_until


class Batch:
    """Claimed messages on their way. Each is begun only while the claim holds, and when it was found true just now."""

    def __init__(
        self,
        claimed: Claimed,
        line: channels.KeptLine,
        *,
        channel: str,
        clock: Clock,
        ends_at: dt.datetime | None = None,
    ):
        self.waiting, self.line, self.channel, self.clock = deque(claimed.messages), line, channel, clock
        last = claimed.until - rules_channels.A_LETTER_TAKES / settings.MESSAGE_PACE
        self.ends_at = min(last, ends_at) if ends_at else last
        self.rests_until: dt.datetime | None = None
        self.was_paused = claimed.was_paused
        self.journal = Journal()
        self.checked_at: dt.datetime | None = None
        self.clinic, self.texts = Clinic.current(), wording.Remembered()
        self.values: dict[int, kinds.Values] = {}
        self.written: dict[int, writing.Written | Outcome] = {}
        self.at_hand: Message | None = None  # of which nothing is noted yet
        self.handed_over = False

    def send(self) -> States:
        """Send them. Returns what became of those that were tried; the others are given back."""
        try:
            while self.waiting and self.rests_until is None and self.clock() < self.ends_at:
                self._check_truth()
                if self.waiting:
                    self._next()
            self.journal.close()
        except SoftTimeLimitExceeded:
            self._out_of_time()
            raise
        except Exception as error:
            if in_trouble(error):
                self.journal.repair()
                self._give_back()
            raise
        release(self.waiting)
        return self.journal.states

    def _give_back(self) -> None:
        """After trouble others come first: what broke this off may lie in one of these."""
        reconnect()
        later = self.clock() + rules.FIRST_PAUSE / settings.MESSAGE_PACE
        release(self.waiting, try_at=later)

    def _out_of_time(self) -> None:
        """The task must end, wherever it was struck: what was not handed over is due as before, and not doubted."""
        message, self.at_hand = self.at_hand, None
        if message and self.handed_over:
            self.journal.note(message, again(message, channels.cut_off(), at=self.clock()))
        self.journal.repair()
        if message and not self.handed_over:
            not_begun(message)
        release(self.waiting)

    # What is true

    def _check_truth(self) -> None:
        """Take out what must not be sent; asked for all that wait, again when the answer is no longer fresh."""
        at = self.clock()
        if self.checked_at and at - self.checked_at < rules_channels.TRUTH_HOLDS:
            return
        if self.checked_at:
            _read_again(self.waiting)
        self.written = {}
        refused = each_or_alone(refusals, list(self.waiting), at, self._failed)
        rest = [one for one in self.waiting if one.pk not in refused]
        self.values = each_or_alone(kinds.values, rest, at, self._failed)
        for message in list(self.waiting):
            outcome = refused.get(message.pk) or self.values.get(message.pk)
            if isinstance(outcome, Outcome):
                self.waiting.remove(message)
                self.journal.note(message, outcome)
        self.checked_at = at

    def _failed(self, message: Message, error: Exception) -> Outcome:
        # Whatever is wrong with this one must not stop the others; its text may be a person's, so only the kind.
        logger.error("message %s: %s", message.pk, type(error).__name__)
        return ended(message, MessageState.FAILED, words.PROGRAM_ERROR % {"name": type(error).__name__})

    # Writing

    def _letter(self, message: Message) -> writing.Written | Outcome:
        """The letter, or why there is none. A few are written together: what waits longer is asked about again."""
        if message.pk not in self.written:
            some = list(islice(self.waiting, rules_channels.WRITTEN_TOGETHER))
            self.written = each_or_alone(self._write, some, self.clock(), self._failed)
        return self.written[message.pk]

    def _write(self, messages: Sequence[Message], *, at: dt.datetime) -> dict[int, writing.Written | Outcome]:
        with quickly(), links.minted_together():
            return {one.pk: self._write_one(one, at) for one in messages}

    def _write_one(self, message: Message, at: dt.datetime) -> writing.Written | Outcome:
        try:
            return writing.write(message, self.values[message.pk], self.clinic, at=at, text_of=self.texts)
        except LinkDead:
            return ended(message, MessageState.SUPPRESSED, words.NEEDLESS[rules.Needless.LINK_ENDED])
        except OfferGone:
            return ended(message, MessageState.SUPPRESSED, words.NEEDLESS[rules.Needless.OFFER_OVER])

    # One message

    def _next(self) -> None:
        """Begin the next and send it. What became of the one before is written down in the same transaction."""
        try:
            self.line.ready()
        except channels.Unreachable as unreachable:
            self._rest(unreachable)
            return
        message = self.waiting[0]
        letter = self._letter(message)
        self.at_hand, self.handed_over = message, False
        begun = isinstance(letter, writing.Written) and self.journal.begin(message)
        self.waiting.popleft()
        if isinstance(letter, Outcome):
            self.journal.note(message, letter)
        elif begun:
            self._hand_over(message, letter)
        else:
            release([message])
        self.at_hand = None

    def _hand_over(self, message: Message, letter: writing.Written) -> None:
        outcome = self._outcome(message, letter)
        self.journal.note(message, outcome)
        self.at_hand = None
        if outcome.sent_at:
            self._tell(message, outcome)

    def _outcome(self, message: Message, letter: writing.Written) -> Outcome:
        self.handed_over = True
        try:
            ref = self.line.send(letter.letter)
        except SoftTimeLimitExceeded:
            return self._put_off(message, channels.cut_off())
        except channels.Refused as refused:
            if isinstance(refused, channels.NoSuchAddress):
                nobody_there(self.channel, letter.letter.to, why=refused.why, at=self.clock())
            return ended(message, MessageState.FAILED, refused.why)
        except channels.PutOff as put_off:
            return self._put_off(message, put_off)
        except Exception as error:
            return self._failed(message, error)
        return sent(message, letter, ref, at=self.clock())

    def _tell(self, message: Message, outcome: Outcome) -> None:
        """What else is to be known when a message has gone out."""
        if message.link_id and outcome.sent_at:
            mark_sent(message.link_id, at=outcome.sent_at)
        if message.put_back_at and not outcome.provider_ref:
            taken_again(self.channel, outcome.sent_to)
        if self.was_paused:
            works_again(self.channel)
            self.was_paused = False

    def _put_off(self, message: Message, put_off: channels.PutOff) -> Outcome:
        if put_off.everything:
            self._rest(put_off)
        if isinstance(put_off, channels.Unreachable):
            return untried(message, put_off)
        return again(message, put_off, at=self.clock())

    def _rest(self, put_off: channels.PutOff) -> None:
        """The whole channel waits, and who reads why one of these is late finds it there."""
        self.rests_until = pause(self.channel, put_off, at=self.clock())
        release(self.waiting, why=put_off.why)
        self.waiting.clear()


def _read_again(messages: Iterable[Message]) -> None:
    """Where the people among them can be reached now. One query."""
    people = Patient.objects.in_bulk({one.patient_id for one in messages if one.patient_id})
    for one in messages:
        if one.patient_id:
            one.patient = people[one.patient_id]
