"""When a session may be recorded as performed."""

import datetime as dt

import pytest

from treatments.visits.rules import Refusal, refusal

DAY = dt.date(2026, 11, 24)
FINE = {"booked": True, "session_day": DAY, "day": DAY, "may_treat": True, "performable": True}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, None, id="today, booked and cleared"),
        pytest.param({"booked": False}, Refusal.NOT_BOOKED, id="cancelled"),
        pytest.param({"day": DAY - dt.timedelta(days=1)}, Refusal.TOO_EARLY, id="tomorrow"),
        pytest.param({"day": DAY + dt.timedelta(days=1)}, None, id="forgotten yesterday"),
        pytest.param({"day": DAY + dt.timedelta(days=7)}, None, id="forgotten a week ago"),
        pytest.param({"day": DAY + dt.timedelta(days=8)}, Refusal.DAY_OVER, id="longer ago"),
        pytest.param({"may_treat": False}, Refusal.MAY_NOT_TREAT, id="may not treat"),
        pytest.param({"performable": False}, Refusal.NOT_CLEARED, id="not cleared today"),
    ],
)
def test_a_session_is_performed_on_its_day_by_who_may_and_cleared(changes, expected):
    assert refusal(**{**FINE, **changes}) is expected
