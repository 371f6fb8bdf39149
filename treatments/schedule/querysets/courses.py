"""Which courses somebody may book."""

from clinic.models import User
from clinic.prepared import Prepared, asked
from clinic.roles import BOOKING
from treatments.courses.models import Course


def courses_to_book(user):
    """The courses that `user` may book or see booked: every confirmed one for all who book, else none.

    The front desk is among them, so what is shown of a course is the page's to choose.
    """
    courses = Course.objects.exclude(state="planned").for_booking()
    return courses if user.has_role(*BOOKING) else courses.none()


ONE_TO_BOOK = Prepared(lambda: Course.objects.exclude(state="planned").for_booking().filter(pk=asked("pk")))


def course_to_book(user: User, pk: int) -> Course | None:
    """The one of `courses_to_book` with this key. One SQL query."""
    return next(iter(ONE_TO_BOOK.objects(pk=pk)), None) if user.has_role(*BOOKING) else None
