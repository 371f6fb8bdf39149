"""The catalogue in the admin: who gets in, and what the pages do."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.roles import Role
from contraindications.models import ListItem, RuleSet, Source
from patients.models import Interview, Substance
from patients.tests.factories import patient
from treatments.catalogue import actions, models
from treatments.catalogue.models import Area, CareRule, Goal, Ingredient, Lot, Product, Synergy, Technique
from treatments.courses.tests.factories import course

pytestmark = pytest.mark.django_db
CATALOGUE = [
    models.Area,
    models.Technique,
    models.Goal,
    models.InjectionMethod,
    models.Ingredient,
    models.Synergy,
    models.CompositionConcept,
    models.Product,
    models.Protocol,
    models.VisitStep,
    models.CareRule,
    models.AdverseEventKind,
    models.Statement,
]
LISTS = [Source, RuleSet, ListItem]


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def first(model):
    return model._default_manager.first() or Product.objects.create(
        code="glow", label="Glow", citations=["own"]
    )


def filled(response):
    """What the browser would send back: the values of the form on the page."""
    form = response.context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        if isinstance(value, bool):
            data |= {bound.html_name: "on"} if value else {}
        elif bound.name == "translations":
            data |= {f"translations_{code}": text for code, text in value.items()}
        elif value is not None:
            data[bound.html_name] = bound.field.prepare_value(value) if not isinstance(value, list) else value
    for formset in response.context.get("inline_admin_formsets", []):
        data |= {f"{formset.formset.prefix}-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    for name in ("citations", "effects"):
        if isinstance(data.get(name), list):
            data[name] = ",".join(data[name])
    for name in ("for_goals", "areas", "may_contain", "ingredients"):
        if name in data:
            data[name] = [getattr(row, "pk", row) for row in data[name]]
    return data


@pytest.fixture
def zinc():
    return Ingredient.objects.get(code="zinc")


# Who gets in


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk", "clinic_admin", "stranger"])
@pytest.mark.parametrize("page", ["admin:index", "admin:login", "admin:catalogue_ingredient_changelist"])
def test_nobody_but_catalogue_admins_gets_in(as_, request, who, page):
    person = request.getfixturevalue(who)
    person.is_staff = person.is_superuser = True
    person.save()
    response = as_(person).get(reverse(page), follow=True)
    assert response.status_code == 403


def test_a_visitor_is_sent_to_our_login(client):
    for page in ("admin:index", "admin:login", "admin:catalogue_goal_changelist"):
        response = client.get(reverse(page), follow=True)
        assert response.request["PATH_INFO"] == reverse("account_login")
        assert response.request["QUERY_STRING"].startswith("next=%2Fcatalogue%2F")


def test_a_catalogue_admin_without_the_staff_flag_gets_in(as_, catalogue_admin):
    catalogue_admin.is_staff = False
    catalogue_admin.save()
    assert as_(catalogue_admin).get(reverse("admin:index")).status_code == 200


def test_the_admin_shows_the_catalogue_and_the_lists_and_nothing_else(as_, catalogue_admin):
    response = as_(catalogue_admin).get(reverse("admin:index"))
    shown = {model["model"] for app in response.context["app_list"] for model in app["models"]}
    assert shown == {*CATALOGUE, *LISTS}


def test_the_role_alone_brings_the_permissions(db):
    group = Group.objects.get(name=Role.CATALOGUE_ADMIN)
    names = set(group.permissions.values_list("codename", flat=True))
    assert {"add_ingredient", "delete_lot", "view_ruleset"} <= names
    assert not {"change_ruleset", "delete_listitem", "view_screening", "view_patient", "add_user"} & names


# Every page opens


@pytest.mark.parametrize("model", [*CATALOGUE, *LISTS], ids=lambda model: model.__name__)
def test_list_row_and_history_open(as_, catalogue_admin, model):
    browser, row = as_(catalogue_admin), first(model)
    for address in (url(model, "changelist"), url(model, "change", row.pk)):
        assert browser.get(address).status_code == 200
    if model in CATALOGUE:
        assert browser.get(url(model, "history", row.pk)).status_code == 200
        assert browser.get(url(model, "add")).status_code == 200
        assert browser.get(url(model, "delete", row.pk)).status_code == 200
        assert browser.get(url(model, "import")).status_code == 200
        assert browser.get(url(model, "changelist"), {"q": "vit", "source": "S1"}).status_code == 200


@pytest.mark.parametrize("model", [*CATALOGUE, *LISTS], ids=lambda model: model.__name__)
def test_a_page_is_free_of_what_the_content_policy_forbids(as_, catalogue_admin, model):
    page = as_(catalogue_admin).get(url(model, "changelist")).content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_published_lists_are_for_reading(as_, catalogue_admin, model):
    browser, row = as_(catalogue_admin), model.objects.first()
    page = url(model, "change", row.pk)
    assert browser.post(page, {}).status_code == 403
    assert browser.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 302
    count = model.objects.count()
    browser.post(url(model, "changelist") + "add/", {"code": "S9", "title": "x", "kind": "document"})
    assert model.objects.count() == count
    assert model.objects.filter(pk=row.pk).exists()


def test_a_row_that_is_not_there_is_not_found(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    assert browser.get(url(Ingredient, "history", 999_999_999)).status_code == 404
    assert browser.post(url(Ingredient, "retire", 999_999_999)).status_code == 404


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.__name__)
def test_a_longer_list_asks_no_more_questions(as_, catalogue_admin, model):
    browser = as_(catalogue_admin)
    row = first(model)

    def queries(kept):
        model._default_manager.exclude(pk__in=kept).delete() if model is Synergy else None
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(url(model, "changelist")).status_code == 200
        return len(asked)

    queries([row.pk])
    few = queries([row.pk])
    for number in range(5):
        copy(row, number)
    assert queries([*model._default_manager.values_list("pk", flat=True)]) == few


def copy(row, number):
    row = type(row)._default_manager.get(pk=row.pk)
    if isinstance(row, Synergy):
        row.one, row.other = (
            Ingredient.objects.order_by("pk")[number],
            Ingredient.objects.order_by("-pk")[number],
        )
    else:
        row.code = f"{row.code}_{number}"
    if isinstance(row, Ingredient):
        row.substance = Substance.objects.create(code=row.code, label=row.code)
    row.pk, row.id = None, None
    row.save(force_insert=True)


ODD = [
    "q=%F0%9F%92%89", "q=" + "x" * 3000, "source=S9", "in_use=perhaps", "p=9999999", "p=x", "o=x", "o=" + "9" * 20,
    "all=1", "_facets=True", "label__regex=(", "citations__0=x", "position__gt=" + "9" * 25, "id__in=1,x", "e=1",
    "retired_on__year=99999999", "for_goals__code=x", "_to_field=x", "role__exact=x", "nothing=1", "is_facets=%ff",
]  # fmt: skip


@pytest.mark.parametrize("page", ["changelist", "export"])
@pytest.mark.parametrize("query", ODD, ids=lambda query: query[:20])
def test_an_odd_address_is_answered_or_refused_and_never_an_error(as_, catalogue_admin, page, query):
    response = as_(catalogue_admin).get(f"{url(Ingredient, page)}?{query}")
    assert response.status_code in {200, 302, 400}


@pytest.mark.parametrize(
    ("model", "query"), [(Ingredient, "role__exact=class"), (ListItem, "source__id__exact={}")]
)
def test_the_filters_of_a_list_work(as_, catalogue_admin, model, query):
    source = Source.objects.get(code="S4").pk
    page = as_(catalogue_admin).get(f"{url(model, 'changelist')}?{query.format(source)}")
    assert 0 < page.context["cl"].result_count < model.objects.count()


@pytest.mark.parametrize("query", ["source=S3", "source=own", "in_use=yes", "q=vitamin"])
def test_our_own_filters_and_the_search_narrow_the_list(as_, catalogue_admin, query, zinc, day):
    Ingredient.objects.filter(pk=zinc.pk).update(retired_on=day)
    page = as_(catalogue_admin).get(f"{url(Ingredient, 'changelist')}?{query}")
    assert 0 < page.context["cl"].result_count < 40


# Changing rows


def test_a_new_ingredient_is_a_substance_too(as_, catalogue_admin):
    data = {"code": "magnesium", "label": "Magnesium", "role": "active", "position": 99, "citations": "own"}
    assert as_(catalogue_admin).post(url(Ingredient, "add"), data).status_code == 302
    assert Ingredient.objects.get(code="magnesium").substance == Substance.objects.get(code="magnesium")


def test_a_new_label_is_the_substances_label_too_and_the_code_stays(as_, catalogue_admin, zinc):
    browser = as_(catalogue_admin)
    data = filled(browser.get(url(Ingredient, "change", zinc.pk)))
    browser.post(url(Ingredient, "change", zinc.pk), data | {"label": "Zinc salts", "code": "zn"})
    zinc.refresh_from_db()
    assert (zinc.label, zinc.code, zinc.substance.label) == ("Zinc salts", "zinc", "Zinc salts")


@pytest.mark.parametrize(
    ("citations", "said"),
    [
        ("", "This field is required."),
        ("S9 L1", "&#x27;S9 L1&#x27; names no source and place"),
        ("S1 L1, S1 page 3", "&#x27;S1 page 3&#x27; names no source and place"),
    ],
)
def test_a_citation_names_a_source_that_is_there(as_, catalogue_admin, zinc, citations, said):
    browser = as_(catalogue_admin)
    data = filled(browser.get(url(Ingredient, "change", zinc.pk))) | {"citations": citations}
    page = browser.post(url(Ingredient, "change", zinc.pk), data).content.decode()
    assert said in page
    zinc.refresh_from_db()
    assert zinc.citations == ["S1 L41"]


@pytest.mark.parametrize(
    ("model", "code", "wrong", "said"),
    [
        (Technique, "derma_pen", {"ranges": '{"speed": [1, 2]}'}, "is no parameter"),
        (Technique, "derma_pen", {"ranges": '{"depth_mm": [2, 1]}'}, "enter the lowest first"),
        (Technique, "derma_pen", {"ranges": '{"depth_mm": ["a", 1]}'}, "the lowest and the highest"),
        (Technique, "derma_pen", {"ranges": "[1]"}, "Enter ranges such as"),
        (Technique, "derma_pen", {"ranges": "{"}, "Enter a valid JSON"),
        (Goal, "vitiligo", {"disease_fact": "vitilligo"}, "The interview has no question of this code"),
        (models.VisitStep, "treat", {"minutes_by_area": '{"fase": 20}'}, "is no area"),
        (models.VisitStep, "treat", {"minutes_by_area": '{"face": -1}'}, "whole minutes, 1 to 480"),
        (
            models.Protocol,
            "skin_standard",
            {"interval_target": 2},
            "lies between the shortest and the longest",
        ),
        (models.Protocol, "skin_standard", {"sessions_max": 2}, "lies between the least and the most"),
        (Area, "face", {"label": ""}, "This field is required"),
        (Area, "face", {"position": 99999999999}, "less than or equal to 32767"),
    ],
)
def test_what_no_page_could_use_is_refused_in_words(as_, catalogue_admin, model, code, wrong, said):
    browser, row = as_(catalogue_admin), model.objects.get(code=code)
    before = model.objects.filter(pk=row.pk).values().get()
    data = filled(browser.get(url(model, "change", row.pk))) | wrong
    page = browser.post(url(model, "change", row.pk), data)
    assert page.status_code == 200
    assert said in page.content.decode()
    assert model.objects.filter(pk=row.pk).values().get() == before


def test_a_pair_turned_round_is_the_same_pair(as_, catalogue_admin):
    pair = Synergy.objects.first()
    data = {"one": pair.other_id, "other": pair.one_id, "says": "again", "citations": "own"}
    page = as_(catalogue_admin).post(url(Synergy, "add"), data).content.decode()
    assert "This pair is there already." in page
    data |= {"other": pair.other_id}
    assert (
        "A pair is of two different ingredients."
        in as_(catalogue_admin).post(url(Synergy, "add"), data).content.decode()
    )


def test_a_product_is_kept_with_its_ingredients_and_lots(as_, catalogue_admin, zinc):
    data = {
        "code": "glow", "label": "Glow", "position": 0, "citations": "own", "ingredients": [zinc.pk],
        "lots-TOTAL_FORMS": 1, "lots-INITIAL_FORMS": 0,
        "lots-0-number": "A1", "lots-0-expires_on": "2027-01-31",
    }  # fmt: skip
    assert as_(catalogue_admin).post(url(Product, "add"), data).status_code == 302
    product = Product.objects.get(code="glow")
    assert [i.code for i in product.ingredients.all()] == ["zinc"]
    assert Lot.objects.get(product=product).expires_on == dt.date(2027, 1, 31)


# In use


def test_an_ingredient_of_a_product_cannot_be_deleted_only_retired(as_, catalogue_admin, zinc):
    Product.objects.create(code="glow", label="Glow", citations=["own"]).ingredients.add(zinc)
    browser = as_(catalogue_admin)
    page = browser.post(url(Ingredient, "delete", zinc.pk), {"post": "yes"}).content.decode()
    assert "is in use and cannot be deleted" in page
    assert "products: 1" in page
    assert "Retire it instead" in page
    assert Ingredient.objects.filter(code="zinc").exists()
    browser.post(url(Ingredient, "retire", zinc.pk))
    assert not Ingredient.objects.in_use().filter(code="zinc").exists()
    assert Product.objects.get(code="glow").ingredients.count() == 1


@pytest.mark.parametrize("where", ["ingredients", "procedure_substances"])
def test_an_ingredient_of_a_course_cannot_be_deleted_and_stays_in_it_when_retired(
    as_, catalogue_admin, nurse, where
):
    biotin, browser = Ingredient.objects.get(code="biotin"), as_(catalogue_admin)
    Ingredient.objects.get(code="vitamins_unspecified").may_contain.remove(biotin.substance)
    plan = course(by=nurse, confirmed=False, **{where: ["biotin"]})
    page = browser.post(url(Ingredient, "delete", biotin.pk), {"post": "yes"}).content.decode()
    assert "courses: 1" in page
    browser.post(url(Ingredient, "retire", biotin.pk))
    assert [i.code for i in getattr(plan, where).all()] == ["biotin"]


def test_deleting_without_looking_is_refused_too(zinc):
    first(Product).ingredients.add(zinc)
    with pytest.raises(actions.InUse, match="products: 1, classes that may contain it: 1"):
        actions.delete(zinc)
    assert Ingredient.objects.filter(code="zinc").exists()


def test_an_allergy_keeps_its_ingredient(as_, catalogue_admin, nurse, at):
    copper = Ingredient.objects.get(code="copper")
    Ingredient.objects.get(code="microelements_unspecified").may_contain.remove(copper.substance)
    told = {"substances": ["copper"], "texts": [], "on": "2026-11-23"}
    Interview.objects.create(
        patient=patient(by=nurse),
        allergies=told,
        started_at=at,
        started_by=nurse,
        saved_at=at,
        saved_by=nurse,
    )
    page = as_(catalogue_admin).get(url(Ingredient, "delete", copper.pk)).content.decode()
    assert "recorded allergies: 1" in page


def test_a_goal_that_ingredients_are_named_for_cannot_be_deleted(as_, catalogue_admin):
    goal = Goal.objects.get(code="wrinkles")
    as_(catalogue_admin).post(url(Goal, "delete", goal.pk), {"post": "yes"})
    assert Goal.objects.filter(code="wrinkles").exists()


def test_an_ingredient_that_nothing_speaks_of_is_deleted_with_its_substance(as_, catalogue_admin):
    latex = Ingredient.objects.get(code="latex")
    assert as_(catalogue_admin).post(url(Ingredient, "delete", latex.pk), {"post": "yes"}).status_code == 302
    assert not Substance.objects.filter(code="latex").exists()


def test_rows_are_not_deleted_in_bulk(as_, catalogue_admin, zinc):
    data = {"action": "delete_selected", "_selected_action": [zinc.pk], "post": "yes"}
    as_(catalogue_admin).post(url(Ingredient, "changelist"), data)
    assert Ingredient.objects.filter(code="zinc").exists()


def test_rows_are_retired_and_brought_back_from_the_list(as_, catalogue_admin, zinc):
    browser = as_(catalogue_admin)
    for action, retired in (("retire", True), ("bring_back", False)):
        browser.post(url(Ingredient, "changelist"), {"action": action, "_selected_action": [zinc.pk]})
        zinc.refresh_from_db()
        assert (zinc.retired_on is not None) is retired


def test_retiring_takes_a_post(as_, catalogue_admin, zinc):
    assert as_(catalogue_admin).get(url(Ingredient, "retire", zinc.pk)).status_code == 405
    zinc.refresh_from_db()
    assert zinc.retired_on is None


# History


def test_the_history_says_who_changed_what_and_when(as_, catalogue_admin, zinc):
    browser = as_(catalogue_admin)
    data = filled(browser.get(url(Ingredient, "change", zinc.pk)))
    browser.post(url(Ingredient, "change", zinc.pk), data | {"label": "Zinc salts"})
    page = browser.get(url(Ingredient, "history", zinc.pk))
    newest = page.context["entries"][0]
    assert (newest.who, newest.changes) == ("Kasia", [("label", "Zinc", "Zinc salts")])
    assert page.context["entries"][-1].who is None


def test_the_history_says_what_was_put_on_a_list_and_taken_off(as_, catalogue_admin, zinc):
    browser, product = as_(catalogue_admin), first(Product)
    for chosen in ([zinc.pk], []):
        data = filled(browser.get(url(Product, "change", product.pk))) | {
            "ingredients": chosen or [first(Ingredient).pk]
        }
        data |= {"lots-TOTAL_FORMS": 0, "lots-INITIAL_FORMS": 0}
        assert browser.post(url(Product, "change", product.pk), data).status_code == 302
    entries = browser.get(url(Product, "history", product.pk)).context["entries"]
    said = [(entry.who, entry.what) for entry in entries]
    assert ("Kasia", "ingredients: Zinc put on the list") in said
    assert ("Kasia", "ingredients: Zinc taken off the list") in said


def test_the_history_of_a_product_speaks_of_its_lots(as_, catalogue_admin):
    product = first(Product)
    Lot.objects.create(product=product, number="A1", expires_on="2027-01-31")
    entries = as_(catalogue_admin).get(url(Product, "history", product.pk)).context["entries"]
    assert "lot A1: added" in [entry.what for entry in entries]


# CSV


def upload(browser, model, text):
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("rows.csv", data, content_type="text/csv")
    return browser.post(url(model, "import"), {"import_file": file, "format": "0", "resource": ""})


def exported(browser, model):
    return browser.get(url(model, "export")).content.decode()


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.__name__)
def test_what_is_exported_can_be_imported_and_changes_nothing(as_, catalogue_admin, model):
    first(model)
    browser = as_(catalogue_admin)
    before, text = list(model._default_manager.order_by("pk").values()), exported(browser, model)
    response = upload(browser, model, text)
    assert response.status_code == 302, response.content.decode()
    assert list(model._default_manager.order_by("pk").values()) == before
    assert exported(browser, model) == text


def test_an_import_restores_what_was_deleted_lists_included(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    text = exported(browser, Ingredient)
    Synergy.objects.all().delete()
    Ingredient.objects.all().delete()
    assert upload(browser, Ingredient, text).status_code == 302
    assert exported(browser, Ingredient) == text
    assert Ingredient.objects.count() == 40


def test_an_import_is_in_the_history_with_its_person(as_, catalogue_admin, zinc):
    browser = as_(catalogue_admin)
    assert upload(browser, Ingredient, "code,label\nzinc,Zinc salts\n").status_code == 302
    newest = browser.get(url(Ingredient, "history", zinc.pk)).context["entries"][0]
    assert (newest.who, newest.changes) == ("Kasia", [("label", "Zinc", "Zinc salts")])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "'"])
def test_no_cell_is_a_formula_and_nothing_is_lost(as_, catalogue_admin, zinc, start):
    note = f"{start}cmd|' /C calc'!A0"
    Ingredient.objects.filter(pk=zinc.pk).update(note=note)
    browser = as_(catalogue_admin)
    text = exported(browser, Ingredient)
    assert f"'{note}" in text
    Ingredient.objects.filter(pk=zinc.pk).update(note="")
    upload(browser, Ingredient, text)
    zinc.refresh_from_db()
    assert zinc.note == note


BAD = [
    pytest.param("code,lable\nzinc,Zn\n", "There is no column", id="column"),
    pytest.param("label\nZn\n", "is missing", id="no code"),
    pytest.param("code,label\n,Zn\n", "This cell cannot be empty", id="empty code"),
    pytest.param("code,citations\nzinc,S9 L4\n", "names no source and place", id="citation"),
    pytest.param("code,citations\nzinc,\n", "cannot be blank", id="no citation"),
    pytest.param("code,role\nzinc,magic\n", "is not a valid choice", id="choice"),
    pytest.param("code,for_goals\nzinc,wrinkels\n", "There is no goal", id="related row"),
    pytest.param(
        "code,label,role\nmagnesium,Magnesium,active\n", "cannot be blank", id="new row without citation"
    ),
    pytest.param("code,minutes\nzinc,soon\n", "is no whole number", id="number"),
    pytest.param("code,scalp_mix\nzinc,maybe\n", "Say yes or no", id="neither yes nor no"),
    pytest.param("code,scalp_mix\nzinc,\n", "must be either True or False", id="neither"),
    pytest.param("code,retired_on\nzinc,soon\n", "retired_on", id="date"),
    pytest.param("code,minutes\nzinc,99999999999\n", "32767", id="huge number"),
    pytest.param("code,label\nzinc," + "Z" * 500 + "\n", "at most 120 characters", id="overlong"),
    pytest.param("code,label\nzi nc,Zn\n", "valid", id="code"),
    pytest.param("code,label\nzinc,Zn\nzinc,Zinc\n", "two rows for zinc", id="twice"),
    pytest.param("code,label\n" + "zinc,Zn\n" * 2001, "2001 rows", id="too many rows"),
    pytest.param("", "empty", id="nothing"),
    pytest.param(b"code,label\nzinc,Z\0n\n", "The file is no text", id="NUL"),
    pytest.param(b"\xff\xfe\x00bad", "The file is no text", id="binary"),
    pytest.param(b"code,label\nzinc,\xe9\n", "cannot be read as CSV in UTF-8", id="encoding"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_bad_file_is_refused_in_words_and_nothing_is_imported(as_, catalogue_admin, text, said):
    before = list(Ingredient.objects.order_by("pk").values())
    response = upload(as_(catalogue_admin), Ingredient, text)
    assert response.status_code == 200
    assert said in response.content.decode().replace("&#x27;", "'")
    assert "Traceback" not in response.content.decode()
    assert list(Ingredient.objects.order_by("pk").values()) == before


def test_a_good_row_beside_a_bad_one_is_not_imported(as_, catalogue_admin):
    response = upload(as_(catalogue_admin), Ingredient, "code,label,citations\nzinc,Zn,own\ncopper,Cu,S9\n")
    assert response.status_code == 200
    assert Ingredient.objects.get(code="zinc").label == "Zinc"


def test_unknown_pairs_are_said(as_, catalogue_admin):
    response = upload(as_(catalogue_admin), Synergy, "one,other,says,citations\nzink,copper,x,own\n")
    assert "There is no ingredient" in response.content.decode()
    assert Synergy.objects.count() == 4


def test_who_saves_second_is_told_and_loses_nothing(as_, catalogue_admin, zinc):
    browser, page = as_(catalogue_admin), url(Ingredient, "change", zinc.pk)
    first, second = filled(browser.get(page)), filled(browser.get(page))
    assert browser.post(page, first | {"note": "theirs"}).status_code == 302
    answer = browser.post(page, second | {"label": "Mine"})
    assert answer.status_code == 200
    assert "Somebody changed this row" in answer.content.decode()
    assert 'value="Mine"' in answer.content.decode()
    zinc.refresh_from_db()
    assert (zinc.label, zinc.note) == ("Zinc", "theirs")
    assert browser.post(page, filled(answer)).status_code == 302
    zinc.refresh_from_db()
    assert zinc.label == "Mine"


def test_an_import_has_no_second_step(as_, catalogue_admin):
    made_up = {"import_file_name": "../secret", "original_file_name": "x", "format": "0", "resource": ""}
    assert as_(catalogue_admin).post(url(Ingredient, "process_import"), made_up).status_code == 404


def test_importing_needs_the_role(as_, doctor):
    assert upload(as_(doctor), Ingredient, "code,label\nzinc,Zn\n").status_code == 403
    assert Ingredient.objects.get(code="zinc").label == "Zinc"


# Care rules in the languages of patients


@pytest.fixture
def sun():
    return CareRule.objects.get(code="sun")


def test_a_translation_is_changed_line_by_line_and_what_lacks_is_shown(as_, catalogue_admin, sun):
    browser, page = as_(catalogue_admin), url(CareRule, "change", sun.pk)
    shown = browser.get(page)
    assert 'lang="de"' in shown.text
    assert 'value="Sonnenbaden"' in shown.text
    typed = filled(shown) | {"translations_de": "In der Sonne liegen", "translations_pl": ""}
    assert browser.post(page, typed).status_code == 302
    sun.refresh_from_db()
    assert (sun.translations, sun.lacks) == ({"de": "In der Sonne liegen"}, ["Polish"])
    assert '<td class="field-not_in">Polish</td>' in browser.get(url(CareRule, "changelist")).text
    assert "Sonnenbaden" in browser.get(url(CareRule, "history", sun.pk)).text


@pytest.mark.parametrize(
    ("said", "saved"),
    [
        pytest.param({"de": "Sonnenbaden", "pl": "Opalanie"}, False, id="both say the old words"),
        pytest.param({"de": "Sonne und Solarium", "pl": "Opalanie"}, False, id="one says them"),
        pytest.param({"de": "Sonne und Solarium", "pl": ""}, True, id="one is new, one is read in English"),
    ],
)
def test_no_patient_reads_a_translation_of_words_that_are_others_now(as_, catalogue_admin, sun, said, saved):
    browser, page = as_(catalogue_admin), url(CareRule, "change", sun.pk)
    typed = filled(browser.get(page)) | {"label": "Sun and solarium"}
    answer = browser.post(page, typed | {f"translations_{code}": text for code, text in said.items()})
    assert (answer.status_code == 302) is saved
    assert CareRule.objects.filter(label="Sun and solarium").exists() is saved
    if not saved:
        assert "these still say the old ones" in answer.text


def test_a_translation_is_one_line_of_readable_length(as_, catalogue_admin, sun):
    browser, page = as_(catalogue_admin), url(CareRule, "change", sun.pk)
    for wrong in ("x" * 201, "Sonne\x07"):
        answer = browser.post(page, filled(browser.get(page)) | {"translations_de": wrong})
        assert answer.status_code == 200
        assert "The text in German is too long, or more than a line." in answer.text
    sun.refresh_from_db()
    assert sun.translations["de"] == "Sonnenbaden"
