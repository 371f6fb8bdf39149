"""The quicker widgets say what Django's own do."""

import pytest
from django import forms
from django.test.html import parse_html
from django.utils.translation import gettext_lazy as _

from clinic.widgets import ListSelect

CHOICES = [("", _("Any room")), ("1", "<b>Room</b>"), (2, 'The "blue" one')]


@pytest.mark.parametrize("value", [None, "", "1", 2, "gone"])
def test_a_list_is_the_select_of_django(value):
    attrs = {"id": "id_room", "required": True, "disabled": False}
    own, djangos = (kind(choices=CHOICES).render("room", value, attrs) for kind in (ListSelect, forms.Select))
    assert parse_html(own) == parse_html(djangos)
    assert "<b>" not in own
