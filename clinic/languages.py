"""Languages in which patients are written to. The pages of staff are in one, see LANGUAGE_CODE."""

from django.utils.translation import gettext_lazy as _

LANGUAGES = [("en", _("English")), ("de", _("German")), ("pl", _("Polish"))]
FIRST_LANGUAGE = "en"
