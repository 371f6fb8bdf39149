"""Who reads the rule sets, who sees a draft, and who changes what of it."""

from clinic.access import role_required
from clinic.roles import CLINICAL, Role

readers = role_required(*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
drafters = role_required(Role.DOCTOR, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
proposers = role_required(Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
catalogue_admin = role_required(Role.CATALOGUE_ADMIN)
discarders = role_required(Role.DOCTOR, Role.CATALOGUE_ADMIN)
doctor = role_required(Role.DOCTOR)
