"""Whoever books a nurse counts on a doctor to be at work; whoever notes that the doctor is away waits for them.

Without it a nurse could be booked in the very moment in which her doctor's absence is written: neither sees the other.
These locks come before those of the resources. Those who count on a doctor do not wait for each other.
"""

from collections.abc import Iterable

from django.db import connection

from clinic.models import Clinic, User

ON_DUTY = 0x5E << 48  # keeps the keys of doctors apart from every other advisory lock

COUNT_ON = """
SELECT pg_advisory_xact_lock_shared(%(duty)s + id)
FROM (
    SELECT DISTINCT doctor.id
    FROM clinic_user AS nurse
    JOIN clinic_user AS doctor ON doctor.id <> nurse.id
    CROSS JOIN (
        SELECT coalesce((SELECT nurses_with_doctor FROM clinic_clinic WHERE id = 1), %(nurses)s) AS whom
    ) AS asked
    WHERE nurse.id = ANY(%(people)s)
        AND (asked.whom = 'any' OR asked.whom = 'hers' AND doctor.id = nurse.cooperating_doctor_id)
        AND NOT EXISTS (
            SELECT FROM clinic_user_groups AS held JOIN auth_group AS role ON role.id = held.group_id
            WHERE held.user_id = nurse.id AND role.name = 'doctor'
        )
        AND EXISTS (
            SELECT FROM clinic_user_groups AS held JOIN auth_group AS role ON role.id = held.group_id
            WHERE held.user_id = doctor.id AND role.name = 'doctor'
        )
    ORDER BY doctor.id
) AS needed
"""


def count_on_doctors(people: Iterable[User]) -> None:
    """Wait until no absence is being written of the doctors whom the nurses among these need. One SQL query.

    None is written before the end of the transaction either: what is asked from now on stays so.
    """
    nurses = Clinic._meta.get_field("nurses_with_doctor").default
    with connection.cursor() as cursor:
        asked = {"duty": ON_DUTY, "people": [person.pk for person in people], "nurses": nurses}
        cursor.execute(COUNT_ON, asked)


def lock_duty(doctor: User) -> None:
    """Wait until nobody books who counts on this doctor; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ON_DUTY + doctor.pk])
