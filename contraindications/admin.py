"""The documented lists in the admin: to be read, never to be changed there."""

from django.contrib import admin

from clinic.admin import Table
from contraindications.models import ListItem, RuleSet, Source


class ReadOnly(Table):
    """Published lists are changed by publishing new ones."""

    actions = None

    def get_urls(self) -> list:
        ways = ("_changelist", "_change", "_history")
        return [url for url in super().get_urls() if not url.name or url.name.endswith(ways)]

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Source)
class SourceAdmin(ReadOnly):
    list_display = ("code", "title", "kind", "about", "note")
    list_filter = ("kind",)
    search_fields = ("code", "title", "about", "note")


@admin.register(RuleSet)
class RuleSetAdmin(ReadOnly):
    list_display = ("version", "published_at", "published_by", "note", "digest")
    list_select_related = ("published_by",)
    fields = ("version", "published_at", "published_by", "note", "digest")


@admin.register(ListItem)
class ListItemAdmin(ReadOnly):
    list_display = ("code", "item", "strength", "locator", "source", "absolute", "rule_set")
    list_filter = ("rule_set", "source", "strength", "absolute")
    list_select_related = ("source", "rule_set")
    search_fields = ("code", "item", "locator")
