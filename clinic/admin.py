"""The admin site: the catalogue's, open to catalogue admins only, with no login of its own."""

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from clinic.access import role_required
from clinic.roles import Role

# What a catalogue admin looks after. Whatever else registers itself (users, tokens) stays out.
APPS = {"catalogue", "contraindications"}
# Ways in and out that Django's admin brings along; ours are in the account pages.
OURS_INSTEAD = {"logout", "password_change", "password_change_done"}


class CatalogueSite(AdminSite):
    """Catalogue admins come in; everybody else who is logged in gets 403."""

    site_header = site_title = index_title = _("Catalogue")
    enable_nav_sidebar = False  # the room is for the tables
    site_url = None

    def register(self, model_or_iterable, admin_class=None, **options) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]
        ours = [model for model in models if model._meta.app_label in APPS]
        super().register(ours, admin_class, **options)

    def has_permission(self, request) -> bool:
        return bool(request.user.is_active and request.user.has_role(Role.CATALOGUE_ADMIN))

    def admin_view(self, view, cacheable: bool = False) -> Any:
        return role_required(Role.CATALOGUE_ADMIN)(super().admin_view(view, cacheable))

    def get_urls(self) -> list:
        return [url for url in super().get_urls() if getattr(url, "name", None) not in OURS_INSTEAD]

    @method_decorator(role_required(Role.CATALOGUE_ADMIN))
    def login(self, request, extra_context=None):
        """No second login: who gets here has come through ours."""
        return HttpResponseRedirect(reverse("admin:index"))


class Table(ModelAdmin):
    """A table of the site: lists are narrowed by their own filters and by nothing else that an address may say."""

    def lookup_allowed(self, lookup: str, value: str, request) -> bool:
        """`?label__regex=(` would be an error of the database; it is refused with 400 instead."""
        filters = self.get_list_filter(request)
        field, _sep, comparison = lookup.partition("__")
        named = field in filters and comparison in {"exact", "id__exact"}
        return named or lookup in {getattr(each, "parameter_name", None) for each in filters}
