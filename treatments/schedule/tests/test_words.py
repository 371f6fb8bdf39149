"""The words for moments that whole pages are made of are written without Django's formats, and say the same."""

import datetime as dt

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format

from treatments.schedule import words

A_YEAR = [dt.datetime(2027, 1, 1, tzinfo=dt.UTC) + n * dt.timedelta(hours=26) for n in range(340)]


@pytest.mark.parametrize("language", ["en-gb", "de", "pl"])
def test_a_short_day_and_an_hour_are_those_of_django(language):
    with translation.override(language):
        for at in A_YEAR:
            local = timezone.localtime(at)
            assert words.short_day(at) == date_format(local, "D j M")
            assert words.hour(at) == date_format(local, "H:i")
