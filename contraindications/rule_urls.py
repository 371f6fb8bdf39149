"""Pages about the lists themselves: what they say, and how they changed. No patient is on any of them."""

from django.urls import include, path

from contraindications import rule_views

app_name = "rules"
urlpatterns = [
    path("", include("contraindications.rulebook.urls")),
    path("sources/", rule_views.sources, name="sources"),
    path("compare/", rule_views.compare, name="compare"),
]
