"""Tests are shared out so that nobody waits for one who got all the long ones."""

import pytest

from clinic.tests.order import (
    BROWSER,
    QUICK,
    QUICK_THAT_COMMIT,
    SLOW,
    SLOW_THAT_COMMIT,
    commits,
    kind,
    shares,
)

KINDS = {"s": SLOW, "q": QUICK, "c": SLOW_THAT_COMMIT, "b": BROWSER, "t": QUICK_THAT_COMMIT}


def shared(tests, workers):
    return [" ".join(share) for share in shares(tests.split(), lambda test: KINDS[test[0]], workers)]


def test_each_worker_gets_as_many_long_ones_and_ends_with_short_ones():
    tests = "t1 b1 q1 c1 q2 s1 t2 b2 s2 q3 c2 q4"
    assert shared(tests, 2) == ["s1 q1 q2 c1 b1 t1", "s2 q3 q4 c2 b2 t2"]


def test_who_works_alone_runs_them_kind_by_kind():
    assert shared("t1 b1 q1 s1 b2 q2 c1", 1) == ["s1 q1 q2 c1 b1 b2 t1"]


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_none_is_lost_and_none_runs_twice(workers):
    tests = " ".join(f"{letter}{number}" for letter in "sqcbt" for number in range(7))
    assert sorted(" ".join(shared(tests, workers)).split()) == sorted(tests.split())


def test_a_test_is_known_by_its_marks_and_fixtures(request):
    assert kind(request.node) == QUICK
    assert not commits(request.node)
    request.node.add_marker(pytest.mark.django_db(transaction=True))
    assert kind(request.node) == QUICK_THAT_COMMIT
    request.node.add_marker("slow")
    assert kind(request.node) == SLOW_THAT_COMMIT
    request.node.add_marker("browser")
    assert kind(request.node) == BROWSER
