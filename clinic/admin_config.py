from django.contrib.admin.apps import AdminConfig


class CatalogueAdminConfig(AdminConfig):
    """Django's admin, as the catalogue admins' place of work and nobody else's."""

    default_site = "clinic.admin.CatalogueSite"
