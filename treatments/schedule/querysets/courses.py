"""Which courses somebody may book."""

from clinic.roles import BOOKING
from treatments.courses.models import Course


def courses_to_book(user):
    """The courses that `user` may book or see booked: every confirmed one for all who book, else none.

    The front desk is among them, so what is shown of a course is the page's to choose.
    """
    courses = Course.objects.exclude(state="planned").for_booking()
    return courses if user.has_role(*BOOKING) else courses.none()
