#!/usr/bin/env python
"""Django's command line. The settings start the embedded servers on demand (clinic.localservices)."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    try:
        execute_from_command_line(sys.argv)
    except Exception:
        from clinic import servers

        servers.require()  # a server that does not answer is said in one sentence
        raise


if __name__ == "__main__":
    main()
