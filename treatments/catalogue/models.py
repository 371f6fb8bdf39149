"""Ingredients, products and lots, techniques, areas, goals, protocols, care rules: each with its citations."""

from typing import Any

import pghistory
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from clinic.languages import OTHER_LANGUAGES
from contraindications.citations import CitationsField, Cited, problem
from contraindications.models import Source
from patients.models import HealthFact, Substance
from treatments.catalogue.querysets import CatalogueQuerySet
from treatments.catalogue.rules import left_behind, minutes_problem, ranges_problem, translation_problem


class Family(models.TextChoices):
    """Technique families, the ones that scope.yaml speaks of."""

    NEEDLE = "needle", _("Needle")
    MICRONEEDLE = "microneedle", _("Microneedle")
    NEEDLE_FREE = "needle_free", _("Needle-free")


# What a technique may have a documented range of; the plan's page asks for these.
PARAMETERS = ("needle_length_mm", "gauge", "spacing_mm", "depth_mm")


class Region(models.TextChoices):
    """Regions, the ones that scope.yaml speaks of."""

    SCALP = "scalp", _("Scalp")
    OTHER = "other", _("Other")


def families(**kwargs) -> ArrayField:
    return ArrayField(
        models.CharField(max_length=12, choices=Family.choices),
        default=list,
        blank=True,
        **kwargs,
    )


class Checked(Cited):
    """A row whose every citation names a source that is there."""

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Raises ValidationError for a citation that names no source and place. One SQL query."""
        super().clean()
        sources = set(Source.objects.values_list("code", flat=True))
        problems = {
            f.name: [said for text in getattr(self, f.name) or [] if (said := problem(text, sources))]
            for f in self._meta.concrete_fields
            if isinstance(f, CitationsField)
        }
        if any(problems.values()):
            raise ValidationError({name: said for name, said in problems.items() if said})


def translated(value: Any) -> None:
    """Raises ValidationError for what are no texts by language."""
    if said := translation_problem(value, dict(OTHER_LANGUAGES)):
        raise ValidationError(said)


def _still_the_old_words(codes: list[str]) -> str:
    names = ", ".join(str(name) for code, name in OTHER_LANGUAGES if code in codes)
    return _(
        "The words changed, and these still say the old ones: %(languages)s. Change them, too, or empty them: "
        "patients then read the English words."
    ) % {"languages": names}


class Row(Checked):
    """What all rows of the catalogue have: a code for the rules, a label for people, an end instead of deletion."""

    code = models.SlugField(max_length=60, unique=True)
    label = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "label"]

    def __str__(self) -> str:
        return self.label


@pghistory.track()
class Area(Row):
    """Where on the body. The region decides which lists are in reach."""

    region = models.CharField(max_length=10, choices=Region.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")

    class Meta(Row.Meta):
        constraints = [one_of("area_region", "region", Region)]


@pghistory.track()
class Technique(Row):
    """How substances get into the skin. `ranges`: the documented {parameter: [low, high] or values}."""

    family = models.CharField(max_length=12, choices=Family.choices)
    ranges = models.JSONField(default=dict, blank=True)
    adjustable = models.BooleanField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = [one_of("technique_family", "family", Family)]

    def clean(self) -> None:
        """Raises ValidationError for ranges that no page could show."""
        super().clean()
        if said := ranges_problem(self.ranges, PARAMETERS):
            raise ValidationError({"ranges": said})


@pghistory.track()
class Goal(Row):
    """A documented indication. `disease_fact`: the goal is itself a listed condition."""

    families = families()
    areas = models.ManyToManyField(Area, blank=True, related_name="goals")  # none: the sources name no area
    disease_fact = models.SlugField(max_length=60, blank=True)
    clinician_only = models.BooleanField(default=False)
    offered = models.BooleanField(default=True)

    def clean(self) -> None:
        """Raises ValidationError for a disease that the interview does not know. One SQL query."""
        super().clean()
        if self.disease_fact and not HealthFact.objects.filter(code=self.disease_fact).exists():
            raise ValidationError({"disease_fact": _("The interview has no question of this code.")})


@pghistory.track()
class InjectionMethod(Row):
    """How the needle is led; needle family only (S1 L59)."""

    for_goals = models.ManyToManyField(Goal, blank=True, related_name="injection_methods")


class IngredientRole(models.TextChoices):
    ACTIVE = "active", _("Active")
    CLASS = "class", _("Class of unknown composition")
    ADJUNCT = "adjunct", _("Adjunct")
    TOPICAL = "topical", _("Topical")
    PROCEDURE = "procedure", _("Used in the procedure")


@pghistory.track()
class Ingredient(Row):
    """A substance that a plan may hold. Its code is its substance's code, which allergies point to."""

    substance = models.OneToOneField(Substance, on_delete=models.PROTECT, related_name="ingredient")
    kind = models.CharField(_("class"), max_length=60, blank=True)
    role = models.CharField(max_length=12, choices=IngredientRole.choices)
    for_goals = models.ManyToManyField(Goal, blank=True, related_name="ingredients")
    areas = models.ManyToManyField(Area, blank=True, related_name="ingredients")
    may_contain = models.ManyToManyField(Substance, blank=True, related_name="may_be_in")
    effects = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    scalp_mix = models.BooleanField(default=False)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = [
            one_of("ingredient_role", "role", IngredientRole),
        ]


@pghistory.track()
class Synergy(Checked):
    """A documented pair. For every other pair there is no data; that is never "compatible"."""

    one = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="+")
    says = models.CharField(max_length=250)

    class Meta:
        verbose_name_plural = "synergies"
        constraints = [
            models.UniqueConstraint(
                Least("one", "other"),
                Greatest("one", "other"),
                name="synergy_once",
                violation_error_message=_("This pair is there already."),
            ),
            models.CheckConstraint(
                name="synergy_of_two",
                condition=~Q(one=F("other")),
                violation_error_message=_("A pair is of two different ingredients."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one} + {self.other}"

    @property
    def code(self) -> str:
        """The pair's codes, in whatever order it was entered. If not loaded already, two SQL queries."""
        return "+".join(sorted((self.one.code, self.other.code)))


@pghistory.track()
class CompositionConcept(Row):
    """How many actives a cocktail may hold, and what the source says of it."""

    at_least = models.PositiveSmallIntegerField()
    at_most = models.PositiveSmallIntegerField(null=True, blank=True)
    says = models.CharField(max_length=250)


@pghistory.track()
class Product(Row):
    """A ready-made preparation; its ingredients count and are screened one by one."""

    maker = models.CharField(max_length=120, blank=True)
    ingredients = models.ManyToManyField(Ingredient, related_name="products")


@pghistory.track()
class Lot(models.Model):
    """A batch of a product as delivered."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    number = models.CharField(max_length=60)
    expires_on = models.DateField()
    recalled_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["expires_on"]
        constraints = [
            models.UniqueConstraint(name="lot_number_once_per_product", fields=["product", "number"])
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.number}"


@pghistory.track()
class Protocol(Row):
    """A course template. Each number has citations of its own: a document's or the clinic's."""

    families = families()
    areas = models.ManyToManyField(Area, related_name="protocols")
    sessions_min = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    sessions_max = models.PositiveSmallIntegerField()
    sessions_default = models.PositiveSmallIntegerField()
    sessions_citations = CitationsField()  # of the range
    default_citations = CitationsField()  # of the usual number
    interval_min = models.PositiveSmallIntegerField(_("shortest interval, days"))
    interval_target = models.PositiveSmallIntegerField(_("intended interval, days"))
    interval_max = models.PositiveSmallIntegerField(_("longest interval, days"))
    interval_citations = CitationsField()  # of the intended interval
    bounds_citations = CitationsField()  # of the shortest and the longest
    maintenance_first_weeks = models.PositiveSmallIntegerField()
    maintenance_every_weeks = models.PositiveSmallIntegerField()
    maintenance_citations = CitationsField()

    class Meta(Row.Meta):
        constraints = [
            models.CheckConstraint(
                name="protocol_interval_in_order",
                condition=Q(
                    interval_min__gte=1,
                    interval_target__gte=F("interval_min"),
                    interval_max__gte=F("interval_target"),
                ),
                violation_error_message=_("The intended interval lies between the shortest and the longest."),
            ),
            models.CheckConstraint(
                name="protocol_sessions_in_order",
                condition=Q(
                    sessions_min__gte=1,
                    sessions_default__gte=F("sessions_min"),
                    sessions_max__gte=F("sessions_default"),
                ),
                violation_error_message=_(
                    "The usual number of sessions lies between the least and the most."
                ),
            ),
        ]


@pghistory.track()
class VisitStep(Row):
    """A step of the day, in order. Only the cream's 30 minutes are documented; the rest the clinic sets."""

    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    minutes_by_area = models.JSONField(default=dict, blank=True)
    areas = models.ManyToManyField(Area, blank=True, related_name="+")  # none: all areas
    optional = models.BooleanField(default=False)  # only with the ingredient of the same code in the plan
    frees_practitioner = models.BooleanField(default=False)

    def clean(self) -> None:
        """Raises ValidationError for minutes that are none, or of an area that is not there. One SQL query."""
        super().clean()
        areas = set(Area.objects.values_list("code", flat=True))
        if said := minutes_problem(self.minutes_by_area, areas):
            raise ValidationError({"minutes_by_area": said})


@pghistory.track()
class CareRule(Row):
    """What a patient does or leaves before or after a session. `hours` null: the source gives no number."""

    class Phase(models.TextChoices):
        BEFORE = "before", _("Before")
        AFTER = "after", _("After")

    phase = models.CharField(max_length=6, choices=Phase.choices)
    areas = models.ManyToManyField(Area, blank=True, related_name="+")
    families = families()
    hours = models.PositiveSmallIntegerField(null=True, blank=True)
    a_few_days = models.BooleanField(default=False)
    same_day = models.BooleanField(default=False)
    translations = models.JSONField(
        _("in other languages"),
        default=dict,
        blank=True,
        validators=[translated],
        help_text=_("Where one is empty, patients read the English words."),
    )

    @property
    def lacks(self) -> list[str]:
        """The languages of patients in which it is not worded."""
        return [str(name) for code, name in OTHER_LANGUAGES if code not in self.translations]

    def clean(self) -> None:
        """Raises ValidationError for a translation of words that are others now. Two SQL queries at most."""
        super().clean()
        before = CareRule.objects.filter(pk=self.pk).first() if self.pk else None
        if before and isinstance(self.translations, dict):
            old = left_behind(before.label, self.label, before.translations, self.translations)
            if old:
                raise ValidationError({"translations": _still_the_old_words(old)})


@pghistory.track()
class AdverseEventKind(Row):
    """What may be reported after a session."""

    suspects_ingredients = models.BooleanField(default=False)
    suspects_lots = models.BooleanField(default=False)
    urgent = models.BooleanField(default=False)


@pghistory.track()
class Statement(Row):
    """Texts of the documents that pages show: what a patient must be told, who may treat, what lasts how long."""

    class Kind(models.TextChoices):
        MUST_BE_TOLD = "must_be_told", _("The patient must be told")
        PERFORMER = "performer", _("Who performs")
        NEVER_REPEAT = "never_repeat", _("Claims never to be repeated")
        EXPECTED_MARKS = "expected_marks", _("Marks to expect")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    text = models.TextField()
    areas = models.ManyToManyField(Area, blank=True, related_name="+")
    hours_from = models.PositiveSmallIntegerField(null=True, blank=True)
    hours_to = models.PositiveSmallIntegerField(null=True, blank=True)


def _watched(list_of_rows: models.ManyToManyField) -> type[models.Model]:
    """The events of a list of related rows: what was put on it and taken off.

    Such a list is a table of its own, which Django makes; the history watches it through a proxy model.
    """
    through: Any = list_of_rows.remote_field.through
    name = f"{through.__name__.replace('_', ' ').title().replace(' ', '')}List"
    meta = type("Meta", (), {"proxy": True, "app_label": through._meta.app_label})
    proxy = type(name, (through,), {"__module__": __name__, "Meta": meta})
    added, removed = pghistory.InsertEvent("added"), pghistory.DeleteEvent("removed")
    pghistory.track(added, removed, obj_field=None, model_name=f"{name}Event")(proxy)
    return apps.get_registered_model(through._meta.app_label, f"{name}Event")


# (model, name of the list) -> its events
LIST_EVENTS: dict[tuple[type[models.Model], str], Any] = {
    (model, f.name): _watched(f)
    for model in (Goal, InjectionMethod, Ingredient, Product, Protocol, VisitStep, CareRule, Statement)
    for f in model._meta.local_many_to_many
}
