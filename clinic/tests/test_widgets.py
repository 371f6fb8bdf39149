"""The quicker widgets say what Django's own do."""

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.test.html import parse_html
from django.utils.translation import gettext_lazy as _

from clinic.widgets import PLAIN, ListSelect, Renderer

CHOICES = [("", _("Any room")), ("1", "<b>Room</b>"), (2, 'The "blue" one')]


@pytest.mark.parametrize("value", [None, "", "1", 2, "gone"])
def test_a_list_is_the_select_of_django(value):
    attrs = {"id": "id_room", "required": True, "disabled": False}
    own, djangos = (kind(choices=CHOICES).render("room", value, attrs) for kind in (ListSelect, forms.Select))
    assert parse_html(own) == parse_html(djangos)
    assert "<b>" not in own


@pytest.mark.parametrize("value", [None, "", 'The "blue" <b>one</b>', 0, 12.5, True])
@pytest.mark.parametrize("kind", PLAIN)
def test_an_input_is_that_of_django(kind, value):
    attrs = {"id": "id_x", "required": True, "disabled": False, "step": 300, "placeholder": 'a "<b>"'}
    said = kind().render("x<y", value, attrs, renderer=Renderer())
    assert parse_html(said) == parse_html(kind().render("x<y", value, attrs, renderer=TemplatesSetting()))
    assert "<b>" not in said
