"""How gunicorn serves the clinic: `gunicorn clinic.wsgi --config python:clinic.webserver`."""

import os

from clinic import servers

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
preload_app = True  # what fails to load fails once, before the port is open
control_socket_disable = True
loglevel = "warning"
logger_class = "clinic.logs.WebServerLogger"  # tokens of links stay out, also where requests are logged


def on_starting(server: object) -> None:
    servers.require()
