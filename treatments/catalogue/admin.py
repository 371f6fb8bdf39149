"""The catalogue in Django's admin, for catalogue admins."""

from copy import copy
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export.admin import ImportExportMixin

from clinic.access import role_required
from clinic.admin import Table
from clinic.languages import OTHER_LANGUAGES
from clinic.roles import Role
from treatments.catalogue import actions, models
from treatments.catalogue.composition import watched
from treatments.catalogue.history import history_of
from treatments.catalogue.sheets import GuardedCSV, sheet


class InUseFilter(admin.SimpleListFilter):
    """Retired rows stay on the list, for those who ask."""

    title = _("in use")
    parameter_name = "in_use"

    def lookups(self, request, model_admin):
        return [("yes", _("In use")), ("no", _("Retired"))]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(retired_on__isnull=self.value() == "yes")


class DocumentedFilter(admin.SimpleListFilter):
    """Which source says it."""

    title = _("source")
    parameter_name = "source"

    def lookups(self, request, model_admin):
        codes = {c.source for row in model_admin.model._default_manager.all() for c in row.cited if c.source}
        return [(code, code) for code in sorted(codes)] + [("own", _("The clinic alone"))]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        if self.value() == "own":
            return queryset.filter(citations__contained_by=["own"])
        cited = [row.pk for row in queryset if any(c.source == self.value() for c in row.cited)]
        return queryset.filter(pk__in=cited)


class RowForm(forms.ModelForm):
    """A row of the catalogue, saved only over what was seen; `seen` is how many changes its history had."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = len(history_of(self.instance))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk and self.cleaned_data.get("seen") != self.initial["seen"]:
            data: Any = copy(self.data)
            data["seen"] = self.initial["seen"]
            self.data = data
            raise forms.ValidationError(
                _(
                    "Somebody changed this row while you were editing: see its history. Nothing of yours was "
                    "saved. What you typed is still here; saving again puts it in place of theirs."
                )
            )
        return cleaned


class CatalogueAdmin(ImportExportMixin, Table):
    """What all tables of the catalogue share."""

    form = RowForm
    actions_on_top = True
    list_per_page = 50
    formats = [GuardedCSV]
    skip_import_confirm = True  # all or nothing in one request: no file waits on the disk of one web server
    skip_export_form = True
    object_history_template = "admin/catalogue_history.html"

    def __init__(self, model, admin_site):
        super().__init__(model, admin_site)
        self.resource_classes = [sheet(model)]

    @admin.display(description=_("citations"))
    def cited_places(self, row) -> str:
        return ", ".join(str(citation) for citation in row.cited)

    # Forms

    def formfield_for_dbfield(self, db_field, request, **kwargs) -> Any:
        """Families as boxes to tick, lists as lines that can be read whole."""
        if db_field.name == "families":
            return forms.TypedMultipleChoiceField(
                choices=models.Family.choices, widget=forms.CheckboxSelectMultiple, required=False
            )
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, SimpleArrayField):
            field.widget.attrs["class"] = "vLargeTextField"
        return field

    # Every door to a change: whatever screening sees otherwise is announced at the end of it

    def changeform_view(self, request, *args, **kwargs):
        return self._watched(super().changeform_view, request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        return self._watched(super().changelist_view, request, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        return self._watched(super().delete_view, request, *args, **kwargs)

    def import_action(self, request, *args, **kwargs):
        return self._watched(super().import_action, request, *args, **kwargs)

    def _watched(self, view, request, *args, **kwargs):
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with watched(at=timezone.now()):
            return view(request, *args, **kwargs)

    # In and out

    def has_import_permission(self, request) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def add_data_read_fail_error_to_form(self, form, e) -> None:
        unreadable = _("The file cannot be read as CSV in UTF-8.")
        form.add_error("import_file", unreadable if isinstance(e, UnicodeError) else str(e))

    def process_import(self, request, **kwargs):
        """The second step of an import, which has only one here: nothing waits on the disk to be confirmed."""
        raise Http404

    # History

    def row_or_404(self, request, object_id):
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    @method_decorator(role_required(Role.CATALOGUE_ADMIN))
    def history_view(self, request, object_id, extra_context=None):
        """Every change since the row was there, with who and when."""
        row = self.row_or_404(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % row,
            "entries": history_of(row),
            "object": row,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
        }
        return TemplateResponse(request, self.object_history_template, context)

    # Deleting

    def get_actions(self, request):
        """Rows are deleted one by one, each after a look at what speaks of it."""
        return {
            name: each for name, each in super().get_actions(request).items() if name != "delete_selected"
        }

    def get_deleted_objects(self, objs, request):
        """What speaks of the row protects it; the page says so and offers to retire it instead."""
        deleted, counts, lacking, _protected = super().get_deleted_objects(objs, request)
        uses = [f"{kind}: {count}" for row in objs for kind, count in actions.uses_of(row).items()]
        return deleted, counts, lacking if not uses else set(), uses

    def delete_model(self, request, obj) -> None:
        actions.delete(obj)


class RowAdmin(CatalogueAdmin):
    """Tables whose rows have a code and an end."""

    list_display: Any = ("label", "cited_places", "code", "retired_on")
    list_filter: ClassVar[Any] = (InUseFilter, DocumentedFilter)
    search_fields: ClassVar[Any] = ("label", "code", "note")
    ordering = ("position", "label")
    actions = ("retire", "bring_back")
    change_form_template = "admin/catalogue_change_form.html"

    def get_fields(self, request, obj=None):
        """What a row is called first, then what it says, then how it is kept."""
        names = list(super().get_fields(request, obj))
        first, last = ["label", "code"], ["citations", "note", "position", "retired_on"]
        return [*first, *(name for name in names if name not in {*first, *last}), *last]

    def get_readonly_fields(self, request, obj=None):
        """A code is for good: rules, records and allergies speak of it."""
        return ("code",) if obj else ()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else {"code": ("label",)}

    @admin.action(description=_("Retire: no longer offered, kept in old records"))
    def retire(self, request, queryset) -> None:
        count = actions.retire(queryset, day=timezone.localdate(timezone.now()))
        said = ngettext("%(n)s row retired.", "%(n)s rows retired.", count) % {"n": count}
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=_("Bring back: offered again"))
    def bring_back(self, request, queryset) -> None:
        count = actions.bring_back(queryset)
        said = ngettext("%(n)s row is offered again.", "%(n)s rows are offered again.", count) % {"n": count}
        self.message_user(request, said, messages.SUCCESS)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.retire_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_retire"
        return [path("<path:object_id>/retire/", view, name=name), *super().get_urls()]

    def retire_view(self, request, object_id):
        """Retire one row, from the page that refused to delete it."""
        row = self.row_or_404(request, object_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.retire(request, self.model._default_manager.filter(pk=row.pk))
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))


@admin.register(models.Area)
class AreaAdmin(RowAdmin):
    list_display = ("label", "region", "parent", "cited_places", "code", "retired_on")
    list_filter = ("region", InUseFilter, DocumentedFilter)
    list_select_related = ("parent",)


@admin.register(models.Technique)
class TechniqueAdmin(RowAdmin):
    list_display = ("label", "family", "cited_places", "code", "retired_on")
    list_filter = ("family", InUseFilter, DocumentedFilter)


@admin.register(models.Goal)
class GoalAdmin(RowAdmin):
    list_display = ("label", "families", "offered", "clinician_only", "cited_places", "code", "retired_on")
    list_filter = ("offered", "clinician_only", InUseFilter, DocumentedFilter)
    filter_horizontal = ("areas",)


@admin.register(models.InjectionMethod)
class InjectionMethodAdmin(RowAdmin):
    filter_horizontal = ("for_goals",)


@admin.register(models.Ingredient)
class IngredientAdmin(RowAdmin):
    list_display = ("label", "kind", "role", "scalp_mix", "cited_places", "code", "retired_on")
    list_filter = ("role", "kind", "scalp_mix", InUseFilter, DocumentedFilter)
    search_fields = ("label", "code", "note", "kind")
    filter_horizontal = ("for_goals", "areas", "may_contain")
    exclude = ("substance",)

    def save_model(self, request, obj, form, change) -> None:
        """An ingredient is also a substance that a patient may be allergic to."""
        actions.keep_substance(obj)
        super().save_model(request, obj, form, change)


@admin.register(models.Synergy)
class SynergyAdmin(CatalogueAdmin):
    list_display = ("one", "other", "says", "cited_places")
    list_filter = (DocumentedFilter,)
    list_select_related = ("one", "other")
    search_fields = ("one__label", "other__label", "says")
    autocomplete_fields = ("one", "other")


@admin.register(models.CompositionConcept)
class CompositionConceptAdmin(RowAdmin):
    list_display = ("label", "at_least", "at_most", "cited_places", "code", "retired_on")


class LotInline(admin.TabularInline):
    model = models.Lot
    extra = 0


@admin.register(models.Product)
class ProductAdmin(RowAdmin):
    list_display = ("label", "maker", "cited_places", "code", "retired_on")
    search_fields = ("label", "code", "note", "maker", "lots__number")
    filter_horizontal = ("ingredients",)
    inlines = (LotInline,)


@admin.register(models.Protocol)
class ProtocolAdmin(RowAdmin):
    list_display = (
        "label",
        "families",
        "sessions_default",
        "interval_target",
        "cited_places",
        "code",
        "retired_on",
    )
    filter_horizontal = ("areas",)


@admin.register(models.VisitStep)
class VisitStepAdmin(RowAdmin):
    list_display = (
        "label",
        "minutes",
        "optional",
        "frees_practitioner",
        "cited_places",
        "code",
        "retired_on",
    )
    filter_horizontal = ("areas",)


class Translations(forms.MultiWidget):
    """A line for each language of patients besides the first."""

    template_name = "admin/translations.html"

    def __init__(self) -> None:
        lines: Any = {}
        for code, _name in OTHER_LANGUAGES:
            lines[code] = forms.TextInput({"class": "vLargeTextField", "lang": code})
        super().__init__(lines)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["lines"] = list(zip(OTHER_LANGUAGES, context["widget"]["subwidgets"], strict=True))
        return context

    def decompress(self, value: dict[str, str] | None) -> list[str]:
        return [(value or {}).get(code, "") for code, _name in OTHER_LANGUAGES]


class TranslationsField(forms.MultiValueField):
    """{language: text}, without those that are empty."""

    def __init__(self, **kwargs: Any) -> None:
        lines = [forms.CharField(required=False) for _language in OTHER_LANGUAGES]
        super().__init__(lines, widget=Translations(), required=False, require_all_fields=False, **kwargs)

    def compress(self, said: list[str]) -> dict[str, str]:
        return {code: text for (code, _name), text in zip(OTHER_LANGUAGES, said, strict=False) if text}


@admin.register(models.CareRule)
class CareRuleAdmin(RowAdmin):
    list_display = ("label", "phase", "hours", "a_few_days", "not_in", "cited_places", "code", "retired_on")
    list_filter = ("phase", InUseFilter, DocumentedFilter)
    filter_horizontal = ("areas",)

    @admin.display(description=_("missing in"))
    def not_in(self, row) -> str:
        """The languages of patients in which it is not worded."""
        return ", ".join(row.lacks)

    def formfield_for_dbfield(self, db_field, request, **kwargs) -> Any:
        if db_field.name == "translations":
            return TranslationsField(label=capfirst(db_field.verbose_name), help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(models.AdverseEventKind)
class AdverseEventKindAdmin(RowAdmin):
    list_display = ("label", "urgent", "cited_places", "code", "retired_on")


@admin.register(models.Statement)
class StatementAdmin(RowAdmin):
    list_display = ("label", "kind", "cited_places", "code", "retired_on")
    list_filter = ("kind", InUseFilter, DocumentedFilter)
    search_fields = ("label", "code", "note", "text")
    filter_horizontal = ("areas",)
