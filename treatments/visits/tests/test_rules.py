"""When a session may be recorded as performed."""

import datetime as dt

import pytest

from treatments.visits.rules import Refusal, is_due, refusal

DAY = dt.date(2026, 11, 24)
FINE = {
    "booked": True,
    "ended": False,
    "session_day": DAY,
    "day": DAY,
    "may_treat": True,
    "unconfirmed": False,
    "checked_in": True,
    "performable": True,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, None, id="today, booked and cleared"),
        pytest.param({"booked": False}, Refusal.NOT_BOOKED, id="cancelled"),
        pytest.param({"ended": True}, Refusal.ENDED, id="died before that day"),
        pytest.param({"day": DAY - dt.timedelta(days=1)}, Refusal.TOO_EARLY, id="tomorrow"),
        pytest.param({"day": DAY + dt.timedelta(days=1)}, None, id="forgotten yesterday"),
        pytest.param({"day": DAY + dt.timedelta(days=7)}, None, id="forgotten a week ago"),
        pytest.param({"day": DAY + dt.timedelta(days=8)}, Refusal.DAY_OVER, id="longer ago"),
        pytest.param({"may_treat": False}, Refusal.MAY_NOT_TREAT, id="may not treat"),
        pytest.param({"unconfirmed": True}, Refusal.UNCONFIRMED, id="a report is open"),
        pytest.param({"unconfirmed": True, "checked_in": False}, Refusal.UNCONFIRMED, id="that comes first"),
        pytest.param({"checked_in": False}, Refusal.NOT_CHECKED_IN, id="not asked again today"),
        pytest.param(
            {"checked_in": False, "day": DAY + dt.timedelta(days=1)}, None, id="too late to ask again"
        ),
        pytest.param({"performable": False}, Refusal.NOT_CLEARED, id="not cleared today"),
    ],
)
def test_a_session_is_performed_on_its_day_by_who_may_and_cleared(changes, expected):
    assert refusal(**{**FINE, **changes}) is expected


def answered(days_ago, state="no"):
    return {"state": state, "on": (DAY - dt.timedelta(days=days_ago)).isoformat()}


@pytest.mark.parametrize(
    ("answer", "reask", "expected"),
    [
        pytest.param(None, False, True, id="never answered"),
        pytest.param(answered(0), True, False, id="asked today"),
        pytest.param(answered(0, "unsure"), True, False, id="asked today, not known"),
        pytest.param(answered(1), True, True, id="changes, asked yesterday"),
        pytest.param(answered(1), False, False, id="does not change, asked yesterday"),
        pytest.param(answered(1, "unsure"), False, True, id="was not known"),
        pytest.param(answered(90), False, False, id="on the last day that it counts"),
        pytest.param(answered(91), False, True, id="too old"),
        pytest.param(answered(-1), False, True, id="dated tomorrow"),
    ],
)
def test_check_in_asks_what_changes_what_is_missing_and_what_is_old(answer, reask, expected):
    assert is_due(answer, reask=reask, day=DAY, validity_days=90) is expected
