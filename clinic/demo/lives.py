"""Lives the stories: every step through the action that a person would take, at the moment they would."""

import datetime as dt

from django.utils import timezone

from clinic.demo.calendar import Place
from clinic.demo.people import register
from clinic.demo.planning import checked_in, decided, interviewed, picked, planned, told
from clinic.demo.reminding import ended
from clinic.demo.scene import Scene
from clinic.demo.stories import Ends, Story
from clinic.models import User
from patients.actions import save_draft
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.courses.run import run_of
from treatments.schedule import arrivals
from treatments.schedule.actions import book_course, cancel_session, miss, move_session
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot, wall
from treatments.visits.actions import perform

AHEAD = 9  # days from the first conversation to the first session
NOTES = ["", "Well tolerated.", "Slight redness, gone after ten minutes.", "", "Small bruise on the left."]


def live(number: int, story: Story, place: Place, scene: Scene) -> None:
    """The whole story of the person with this number."""
    first = first_day(number, story, place, scene)
    began = first - dt.timedelta(days=AHEAD)
    by = scene.staff[place.login]
    patient = register(number, scene, at=scene.moment(began, 11))
    if story.ends is Ends.REGISTERED:
        return
    if story.ends is Ends.DRAFT:
        save_draft(patient, **told(patient, story), by=by, at=scene.moment(began, 11, 20))
        return
    interviewed(patient, story, by=by, at=scene.moment(began, 11, 20))
    course = planned(patient, story, by=by, at=scene.moment(began, 11, 40), scene=scene)
    if story.ends is Ends.CANCELLED:
        courses.cancel(course, version=course.version, by=by, at=scene.moment(began, 15))
    elif story.ends is not Ends.PLANNED:
        undertaken(course, story, place, first, scene)


def first_day(number: int, story: Story, place: Place, scene: Scene) -> dt.date:
    """The day of the first session, such that the story stands today where it should."""
    run = run_of(scene.shelf, picked(story, scene.shelf))
    if story.ends is Ends.FINISHED and run:
        last = place.before(scene.day - dt.timedelta(days=story.ended))
        return last - dt.timedelta(days=run.interval[1] * (run.sessions - 1))
    if story.ends is Ends.GIVEN_UP and run:
        return place.before(scene.day - dt.timedelta(days=run.interval[1] + 8))
    if story.ends is Ends.BOOKED and run:
        return place.day - dt.timedelta(days=run.interval[1] * (number % run.sessions))
    return scene.day + dt.timedelta(days=AHEAD - 1 - number % 8)


def undertaken(course: Course, story: Story, place: Place, first: dt.date, scene: Scene) -> None:
    """Confirm the plan, book it, and perform what lies before the moment of seeding."""
    began, by = first - dt.timedelta(days=AHEAD), scene.staff[place.login]
    doctor = by if by.is_doctor else by.cooperating_doctor
    decided(course, by=by, doctor=doctor or by, at=scene.moment(began, 11, 45))
    course = courses.confirm(course, version=course.version, by=by, at=scene.moment(began, 11, 50))
    if story.ends is Ends.CONFIRMED:
        return
    sessions = booked(course, place, first, scene)
    past = [session for session in sessions if session.ends_at < scene.at]
    for session in past[:2] if story.ends is Ends.GIVEN_UP else past:
        if story.missed and session == past[-1]:
            missed(session, scene)
        else:
            performed(session, story, by=by)
    if story.ends is Ends.GIVEN_UP:
        course.refresh_from_db()
        courses.cancel(course, version=course.version, by=by, at=scene.at - dt.timedelta(days=2))
    elif story.ends is Ends.BOOKED:
        changed(sessions, scene)
    ended(course, story, scene)


def booked(course: Course, place: Place, first: dt.date, scene: Scene) -> list[Session]:
    """All sessions at the place of this course, by the front desk."""
    zone, every = timezone.get_default_timezone(), dt.timedelta(days=course.interval_target)
    slots = [
        Slot(n, wall(first + every * (n - 1), place.starts, zone), scene.rooms[place.room].pk)
        for n in range(1, course.sessions_planned + 1)
    ]
    at = scene.moment(first - dt.timedelta(days=AHEAD), 12)
    return book_course(
        course,
        slots,
        practitioner=scene.staff[place.login],
        by=scene.staff["desk"],
        at=at,
        key=scene.key(),
    )


def performed(session: Session, story: Story, *, by: User) -> None:
    """The patient comes, is asked again and treated."""
    arrivals.mark(
        session,
        here=True,
        version=session.version,
        by=by,
        at=session.starts_at - dt.timedelta(minutes=5),
    )
    checked_in(session, story, by=by, at=session.starts_at)
    perform(session, note=NOTES[session.starts_at.toordinal() % len(NOTES)], by=by, at=session.ends_at)


def missed(session: Session, scene: Scene) -> None:
    """Twenty minutes after it should have begun the desk gives up waiting."""
    at = session.starts_at + dt.timedelta(minutes=20)
    miss(session, version=session.version, by=scene.staff["desk"], at=at)


def changed(sessions: list[Session], scene: Scene) -> None:
    """Now and then somebody cancels the last session, or has it a week later."""
    last, desk = sessions[-1], scene.staff["desk"]
    whim, at = scene.rng.randrange(6), scene.at - dt.timedelta(days=1)
    if last.starts_at < scene.at + dt.timedelta(days=20):
        return
    if whim == 0:
        cancel_session(last, reason="Travelling; will call.", version=last.version, by=desk, at=at)
    elif whim == 1 and last.course.interval_target + 7 <= last.course.interval_max:
        move_session(
            last,
            starts_at=wall(
                timezone.localdate(last.starts_at) + dt.timedelta(days=7),
                timezone.localtime(last.starts_at).time(),
                timezone.get_default_timezone(),
            ),
            practitioner=last.practitioner,
            room=last.room,
            version=last.version,
            by=desk,
            at=at,
        )
