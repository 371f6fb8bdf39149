"""Catch up in a terminal with what has gone stale: the same run as the task's, with progress."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contraindications.models import RuleSet
from treatments.courses.catching_up import catch_up
from treatments.courses.models import Course

PATIENCE = 10  # tries, a second apart, for courses that somebody else has locked


class Command(BaseCommand):
    help = "Hold all plans and sessions to come against the published rule set. Can be stopped and run again."

    def handle(self, *args: Any, **options: Any) -> None:
        rule_set = RuleSet.objects.in_force()
        if rule_set is None:
            raise CommandError("No rule set is published: everything is held.")
        at, done = timezone.now(), 0
        stale = Course.objects.unchecked(rule_set.pk, timezone.localdate(at))
        for _try in range(PATIENCE):
            for courses in catch_up(at=at):
                done += courses
                self.stdout.write(f"{done} done, {stale.count()} left")
                self.stdout.flush()
            if not stale.exists():
                self.stdout.write(f"Nothing is left: all is checked against rule set {rule_set.version}.")
                return
            time.sleep(1)
        raise CommandError(f"{stale.count()} are in use by others. Run it again.")
