"""Two at once, on real connections: one publishes, the other is told; no change is lost, no preview runs twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import DatabaseError, connection

from clinic.roles import Role
from conftest import NOW, person
from contraindications import actions
from contraindications.models import Draft, DraftChange, Flip, Preview, RuleSet
from contraindications.rulebook import draft_actions, drafting, previewing
from contraindications.tests.draft_factories import add_item, previewed, retire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def at_once(*acts):
    """What each of `acts` returns or raises, all done at the same moment on connections of their own."""
    barrier = Barrier(len(acts))

    def one(act):
        try:
            barrier.wait()
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@pytest.fixture
def admin():
    return person("Kasia", Role.CATALOGUE_ADMIN)


@pytest.fixture
def doctors():
    return [person(name, Role.DOCTOR) for name in ("Dorota", "Oliwia")]


@pytest.fixture
def ready(admin, doctors):
    draft = add_item(by=admin).draft
    previewed(draft, by=doctors[0])
    return draft


def publish_both(draft, doctors):
    digest = draft.preview.digest
    return at_once(
        *(
            lambda by=by: draft_actions.publish(draft, expected=digest, note="", by=by, at=NOW)
            for by in doctors
        )
    )


def test_two_doctors_publish_at_once_and_one_is_told(ready, doctors):
    done = publish_both(ready, doctors)
    [published] = [one for one in done if isinstance(one, RuleSet)]
    [told] = [one for one in done if isinstance(one, draft_actions.Ended)]
    assert told.draft.ended_by == published.published_by
    assert list(RuleSet.objects.values_list("version", flat=True)) == [2, 1]


def test_without_the_lock_the_second_would_be_told_nothing(ready, doctors, monkeypatch):
    meet = Barrier(2)

    def no_lock():
        meet.wait()

    monkeypatch.setattr(draft_actions, "one_publisher_at_a_time", no_lock)
    monkeypatch.setattr(actions, "one_publisher_at_a_time", no_lock)
    done = publish_both(ready, doctors)
    assert not [one for one in done if isinstance(one, draft_actions.Ended)]
    assert [one for one in done if isinstance(one, DatabaseError)]  # only the database refuses the second
    assert RuleSet.objects.count() == 2


def test_two_first_changes_at_once_open_one_draft(admin):
    done = at_once(lambda: add_item(by=admin), lambda: add_item(by=admin, item="keloids"))
    assert {change.code for change in done} == {"S1-C16", "S1-C17"}
    assert Draft.objects.count() == 1


def test_two_changes_of_one_item_at_once_and_one_is_told(admin):
    add_item(by=admin)
    done = at_once(*[lambda: retire("S1-C02", by=admin)] * 2)
    assert sorted(type(one).__name__ for one in done) in (
        ["ChangedMeanwhile", "DraftChange"],
        ["DraftChange", "ValidationError"],  # the second looked after the first was done
    )
    assert DraftChange.objects.filter(code="S1-C02").count() == 1


def test_a_change_and_a_publication_at_once_leave_no_change_unpublished_and_unseen(ready, admin, doctors):
    digest = ready.preview.digest
    changed, published = at_once(
        lambda: retire("S1-C02", by=admin),
        lambda: draft_actions.publish(ready, expected=digest, note="", by=doctors[0], at=NOW),
    )
    if isinstance(published, RuleSet):
        assert drafting.item_of(published.content, "S1-C02")
        assert changed.draft != ready  # it opened the next draft
    else:
        assert isinstance(published, draft_actions.NotPreviewed)
        assert changed.draft == ready


def test_a_worker_killed_in_the_middle_of_a_batch_leaves_it_to_the_next(ready, doctors, monkeypatch):
    monkeypatch.setattr(previewing, "BATCH", 5)
    preview = previewing.start(ready, by=doctors[0], day=NOW.date(), at=NOW)
    assert all(previewing.step(preview.pk, at=NOW) for _batch in range(2))
    preview.refresh_from_db()
    done, save = preview.done, Preview.save

    def kill(self, **kwargs):
        save(self, **kwargs)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as deadly:
        deadly.setattr(Preview, "save", kill)
        [killed] = at_once(lambda: previewing.step(preview.pk, at=NOW))
    assert isinstance(killed, DatabaseError)
    preview.refresh_from_db()
    assert (preview.done, previewing.unfinished()) == (done, [preview.pk])
    while previewing.step(preview.pk, at=NOW):
        pass
    preview.refresh_from_db()
    assert preview.done == preview.total
    assert Flip.objects.filter(preview=preview).count() == 1


def test_two_workers_on_one_preview_look_at_every_case_once(ready, doctors, monkeypatch):
    monkeypatch.setattr(previewing, "BATCH", 5)
    preview = previewing.start(ready, by=doctors[0], day=NOW.date(), at=NOW)

    def run():
        while previewing.step(preview.pk, at=NOW) or previewing.unfinished():
            pass

    assert at_once(run, run) == [None, None]
    preview.refresh_from_db()
    assert preview.done == preview.total
    assert Flip.objects.values("caseload", "key").distinct().count() == Flip.objects.count()
