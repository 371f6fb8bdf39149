"""The project (settings, urls, celery) and the clinic itself (staff, rooms, hours, access log)."""

from clinic.celery import app as celery_app

__all__ = ["celery_app"]  # so that every process of ours sends its tasks through it
