"""Pages about the rule sets themselves. `contraindications.rule_urls` includes them in the namespace "rules"."""

from django.urls import path

from contraindications.rulebook import previews, proposing, views

urlpatterns = [
    path("", views.versions, name="versions"),
    path("<id:number>/", views.version, name="version"),
    path("draft/", views.draft, name="draft"),
    path("draft/items/add/", proposing.item_add, name="item_add"),
    path("draft/items/<slug:code>/", proposing.item_change, name="item_change"),
    path("draft/items/<slug:code>/retire/", proposing.item_retire, name="item_retire"),
    path("draft/sources/add/", proposing.source_add, name="source_add"),
    path("draft/settings/", proposing.settings, name="settings"),
    path("draft/changes/<id:pk>/take-back/", views.take_back, name="take_back"),
    path("draft/<id:pk>/discard/", views.discard, name="discard"),
    path("draft/<id:pk>/renew/", views.renew, name="renew"),
    path("draft/<id:pk>/publish/", views.publish, name="publish"),
    path("draft/<id:pk>/preview/", previews.start, name="preview_start"),
    path("draft/preview/", previews.progress, name="preview"),
    path("draft/preview/<id:pk>/run/", previews.run, name="preview_run"),
    path("draft/preview/people/<id:pk>/", previews.people, name="people"),
]
