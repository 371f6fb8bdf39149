"""Rules about the whole house, checked once."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

# From the ground floor up: each app may import and point to those before it.
FLOORS = [
    "clinic",
    "patients",
    "contraindications",
    "treatments.catalogue",
    "treatments.courses",
    "treatments.schedule",
    "treatments.visits",
    "treatments.reminders",
]
# The project puts the apps together and so knows them all.
PROJECT = {"settings.py", "urls.py", "celery.py", "wsgi.py", "commands", "demo", "bench", "contest", "chaos"}
OURS = [app for app in apps.get_app_configs() if app.name in FLOORS]


def floor(module: str) -> int | None:
    """The floor that a dotted module name belongs to, or None if it is not ours."""
    return next((i for i, app in enumerate(FLOORS) if f"{module}.".startswith(f"{app}.")), None)


def modules():
    """Every module of the house except tests, migrations and the project's own."""
    for app in FLOORS:
        for path in sorted((settings.BASE_DIR / app.replace(".", "/")).rglob("*.py")):
            parts = path.relative_to(settings.BASE_DIR).parts
            project = parts[0] == "clinic" and not PROJECT.isdisjoint(parts)
            if not project and not {"tests", "migrations"} & set(parts):
                yield path


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", list(modules()), ids=lambda p: str(p.relative_to(settings.BASE_DIR)))
def test_imports_run_down_the_house(path):
    mine = floor(".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts))
    assert [m for m in imports(path) if (floor(m) or 0) > mine] == []


@pytest.mark.parametrize("model", [m for app in OURS for m in app.get_models()], ids=lambda m: m._meta.label)
def test_foreign_keys_run_down_the_house(model):
    mine = floor(model.__module__)
    targets = [f.related_model.__module__ for f in model._meta.get_fields() if f.concrete and f.is_relation]
    assert [m for m in targets if (floor(m) or 0) > mine] == []


@pytest.mark.parametrize("app", FLOORS)
def test_rules_know_neither_django_nor_the_clock(app):
    for path in (settings.BASE_DIR / app.replace(".", "/")).glob("rules*"):
        for file in [path] if path.is_file() else path.rglob("*.py"):
            assert [m for m in imports(file) if m.split(".")[0] in {"django", "time"}] == []
            assert "now(" not in file.read_text()
            assert "today(" not in file.read_text()


@pytest.mark.parametrize("model", [m for app in OURS for m in app.get_models()], ids=lambda m: m._meta.label)
def test_a_moment_never_goes_without_its_person(model):
    """Every `x_at` that has an `x_by` beside it is kept together with it by the database, or both are required."""
    names = {f.name: f for f in model._meta.concrete_fields}
    kept = [str(c.condition) for c in model._meta.constraints if hasattr(c, "condition")]
    for name, moment in names.items():
        who = names.get(name.removesuffix("_at") + "_by")
        if name.endswith("_at") and who is not None and moment.null and "event" not in model._meta.model_name:
            assert any(name in text and who.name in text for text in kept), f"{model._meta.label}.{name}"
