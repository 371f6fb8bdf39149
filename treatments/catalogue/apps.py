from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.db.models.signals import post_migrate


class CatalogueConfig(AppConfig):
    name = "treatments.catalogue"

    def ready(self) -> None:
        from contraindications import planwords
        from treatments.catalogue.labels import labels_of

        planwords.register(labels_of)
        post_migrate.connect(let_catalogue_admins_in, sender=self)


def let_catalogue_admins_in(**kwargs) -> None:
    """Catalogue admins may do everything to the catalogue, and read the lists that are in force."""
    from django.contrib.auth.models import Group, Permission

    from clinic.roles import Role

    for label in ("catalogue", "contraindications"):
        create_permissions(apps.get_app_config(label), verbosity=0)
    group = Group.objects.filter(name=Role.CATALOGUE_ADMIN).first()
    if group is None:  # the roles are not there yet, or a test has emptied the tables
        return
    catalogue = Permission.objects.filter(content_type__app_label="catalogue")
    lists = ["view_source", "view_ruleset", "view_listitem"]
    reading = Permission.objects.filter(content_type__app_label="contraindications", codename__in=lists)
    group.permissions.set([*catalogue.exclude(codename__endswith="event"), *reading])
