"""What `make run` does before it opens the clinic."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from textwrap import shorten

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from clinic import servers


class Command(BaseCommand):
    help = "Bring the database up to date, load the catalogue, seed the demo clinic once, and say its logins."

    def handle(self, **options):
        servers.require()
        with self.step("Database"):
            call_command("migrate", verbosity=0, interactive=False)
        with self.step("Catalogue"):
            self.in_short("load_catalogue")
        with self.step("Files for the pages"):
            call_command("collectstatic", verbosity=0, interactive=False)
        # A clinic with people in it is somebody's: the demo goes into an empty one only.
        if not get_user_model().objects.exists():
            with self.step("Demo clinic"):
                call_command("seed_demo", once=True)
        call_command("seed_demo", logins=True)

    def in_short(self, command: str) -> None:
        """Run a command and say what it said, each line cut to one that fits."""
        said = StringIO()
        call_command(command, stdout=said)
        for line in said.getvalue().splitlines():
            self.stdout.write(f"    {shorten(line, 90)}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say what is being done, and how long it took."""
        self.stdout.write(f"{title} ...")
        self.stdout.flush()
        began = time.monotonic()
        yield
        self.stdout.write(f"    done in {time.monotonic() - began:.1f} s")
