"""The project (settings, urls, celery) and the clinic itself (staff, rooms, hours, access log)."""
