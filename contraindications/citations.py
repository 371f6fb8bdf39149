"""Citations: every fact of the catalogue and every list item says where it is written.

In the data a citation is a short string: "S1 L59" (source and place), "S3" (the whole document), "own" (the clinic says
so, no document does).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _

OWN = "own"
_PLACE = re.compile(r"(L\d+|policy)\b.*|")


@dataclass(frozen=True, slots=True)
class Citation:
    """One place in one document; `source` None means that the clinic set it."""

    source: str | None
    place: str

    @property
    def documented(self) -> bool:
        return self.source is not None

    def __str__(self) -> str:
        if self.source is None:
            return _("set by the clinic")
        return f"{self.source} {self.place.removeprefix('L')}".strip()


def parse(text: str) -> Citation:
    """Read "S1 L59", "S3" or "own"."""
    if text == OWN:
        return Citation(None, "")
    source, _sep, place = text.partition(" ")
    return Citation(source, place)


def problem(text: str, sources: Collection[str]) -> str | None:
    """What is wrong with a citation as entered, in words; None if it names one of `sources` and a place in it."""
    citation = parse(text)
    if citation.documented and (citation.source not in sources or not _PLACE.fullmatch(citation.place)):
        return _("%(cite)r names no source and place. Such as: S1 L59, S3, own") % {"cite": text}
    return None


class CitationsField(ArrayField):
    """A list of citations as strings. `parse` reads one."""

    def __init__(self, base_field=None, **kwargs):
        super().__init__(base_field or models.CharField(max_length=40), **{"default": list, **kwargs})


class Cited(models.Model):
    """A row that says where it comes from."""

    citations = CitationsField(help_text=_("such as: S1 L59, own"))

    class Meta:
        abstract = True

    @property
    def cited(self) -> list[Citation]:
        """The citations, read."""
        return [parse(text) for text in self.citations]

    @property
    def documented(self) -> bool:
        """Does a document say this (and not the clinic alone)?"""
        return any(citation.documented for citation in self.cited)
