"""What staff read about a message that was not sent."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from treatments.reminders.rules import Needless

NEEDLESS = {
    Needless.DIED: _("The patient has died."),
    Needless.DUPLICATE: _("This record was closed in favour of another of the same person."),
    Needless.OTHER_CHANNEL: _("The patient is written to in another way now."),
    Needless.OPTED_OUT: _("The patient does not want these messages."),
    Needless.COURSE_CANCELLED: _("The course was cancelled."),
    Needless.NEWER_COURSE: _("A newer course was confirmed."),
    Needless.BOOKED: _("A session is booked."),
    Needless.LINK_ENDED: _("The link was taken back or has run out."),
    Needless.ANSWERED: _("The patient has answered meanwhile."),
    Needless.OFFER_OVER: _("The offer was answered meanwhile, or is over."),
    Needless.RECALL_ANSWERED: _("The patient has answered an earlier reminder."),
    Needless.NOTHING_TO_TELL: _("Nothing of it holds any more."),
    Needless.NOT_BOOKED: _("The session is not booked any more."),
    Needless.MOVED: _("The session was moved."),
    Needless.OVER: _("The session has begun."),
    Needless.NO_RULES: _("There is nothing to mind."),
    Needless.NOTHING_OPEN: _("No answer will be missing or too old on the day."),
    Needless.NOT_WANTED: _("They do not want it any more, or do not work here."),
    Needless.NOT_PLANNED: _("The clinic has changed when messages go before a session."),
    Needless.NEVER_OFFERED: _("The patient had not been told of the offer."),
}
NO_ADDRESS = {  # by channel
    "email": _("There is no e-mail address. Call, or add one and try again."),
    "sms": _("There is no phone number. Write an e-mail, or add a number and try again."),
}
BAD_ADDRESS = _("The message cannot be written to this address. Correct it and try again.")
BAD_NUMBER = _("This is no phone number that texts can be sent to. Correct it and try again.")
CAME_BACK = _("Messages to this address came back. Correct it, or try again if it works now.")
REFUSED = _("The mail server refuses this address or message (%(code)s).")
NO_SUCH_MAILBOX = _("The mail server takes nothing for this address (%(code)s).")
PUT_OFF = _("The mail server asks to come back later (%(code)s).")
UNREACHABLE = _("The mail server cannot be reached.")
NOT_LET_IN = _("The mail server does not let us in (%(code)s). Tell whoever looks after it.")
NOT_SET_UP = _("Sending is not set up rightly. Tell whoever looks after it.")
BROKEN_OFF = _("The connection to the mail server broke off.")
BOUNCED = _("It came back (%(said)s).")
# What providers say of it, in words; of e-mail django-anymail's, of texts the codes of the gateway.
REASONS = {
    "bounced": _("the mailbox does not exist, or takes nothing"),
    "invalid": _("there is no such address"),
    "blocked": _("the recipient's mail server refuses it"),
    "spam": _("it was taken for advertising"),
    "timed_out": _("the recipient's mail server did not answer"),
    "30003": _("the phone is switched off or out of reach"),
    "30005": _("there is no such number"),
    "30006": _("this number takes no text messages"),
    "21211": _("there is no such number"),
    "21614": _("this number takes no text messages"),
    "21610": _("its owner has answered STOP"),
}
PROVIDER_REFUSES = _("The provider refuses this address or message (%(code)s).")
PROVIDER_LATER = _("The provider asks to come back later (%(code)s).")
PROVIDER_FAILED = _("The provider had trouble (%(code)s).")
PROVIDER_UNREACHABLE = _("The provider cannot be reached.")
PROVIDER_CLOSED = _("The provider does not let us in (%(code)s). Tell whoever looks after it.")
PROVIDER_BROKE_OFF = _("The connection to the provider broke off.")
MAY_HAVE_ARRIVED = _(
    "It may have arrived: ask the patient, or try again if a second one does no harm. %(why)s"
)
QUIET = _("It waits until the quiet hours are over.")
TOO_OFTEN = _("Tried too often. %(why)s")
DATABASE_TROUBLE = _("The database was away for a moment.")
DIED = _("Sending was broken off again and again.")
PROGRAM_ERROR = _("The program failed (%(name)s). Tell whoever looks after it.")
PERSONAL_LINK = _("[personal link]")
TOO_LATE = _("It could not be sent while it was still useful.")
# Behaviours that aftercare rules of several sources cover, in words that tell nothing about the treatment.
BEHAVIOURS = {
    "pool": _("Swimming pool"),
    "sauna": _("Sauna"),
    "solarium": _("Solarium"),
    "sun": _("Sunbathing"),
    "alcohol": _("Alcohol"),
}


def replanned(count: int) -> str:
    """What other settings changed of what waits."""
    if not count:
        return gettext("Nothing that waits before a session had to be planned anew.")
    said = ngettext(
        "%(n)s message before a session to come was planned anew.",
        "%(n)s messages before sessions to come were planned anew.",
        count,
    )
    return said % {"n": count}
