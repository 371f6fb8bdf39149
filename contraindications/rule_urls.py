"""Pages about the lists themselves: what they say, and how they changed. No patient is on any of them."""

from django.urls import include, path

from contraindications.views import lists

app_name = "rules"
urlpatterns = [
    path("", include("contraindications.rulebook.urls")),
    path("sources/", lists.sources, name="sources"),
    path("compare/", lists.compare, name="compare"),
]
