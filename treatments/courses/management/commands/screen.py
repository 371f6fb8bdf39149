"""`manage.py screen FILE`: screen cases against a published rule set, touching no record (docs/rules.md, section 7)."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contraindications import rules
from contraindications.cases import answer
from contraindications.models import RuleSet
from contraindications.screening import CANNOT_SCREEN, CannotScreen, compiled_rules, rules_in_force
from treatments.courses.plans import case_catalogue

UNREADABLE, SOME_UNREADABLE = 2, 1


class Command(BaseCommand):
    """Exit status: 0, or 1 if a case could not be read, or 2 if nothing could be screened."""

    help = "Screen cases from a JSON file against the published rule set; no record is read or changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="JSON file with the cases, - for standard input")
        parser.add_argument("--ruleset", type=int, metavar="N", help="an older published version")

    def handle(self, *args: Any, **options: Any) -> None:
        cases = _cases(_text(options["file"]))
        rule_set, compiled = _rule_set(options["ruleset"])
        known = case_catalogue(compiled)
        unreadable = False
        self.stdout.write(f'{{"ruleset": {_json({"version": rule_set.version, "digest": rule_set.digest})},')
        self.stdout.write(' "results": [', ending="")
        for number, case in enumerate(cases):
            result = answer(case, known, compiled)
            unreadable |= "error" in result
            self.stdout.write(f"{',' if number else ''}\n  {_json(result)}", ending="")
        self.stdout.write("\n]}")
        if unreadable:
            self.stdout.flush()
            sys.exit(SOME_UNREADABLE)


def _text(file: str) -> str:
    """The whole input. CommandError where it cannot be read."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", returncode=UNREADABLE) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8 text.", returncode=UNREADABLE) from error


def _cases(text: str) -> list[Any]:
    """The cases of the input. CommandError for what is no JSON or has no list of cases."""
    try:
        raw = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"This is not JSON: {error}.", returncode=UNREADABLE) from error
    if not isinstance(raw, dict) or not isinstance(raw.get("cases"), list):
        raise CommandError('The input must be {"cases": [...]}.', returncode=UNREADABLE)
    return raw["cases"]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; the same key twice is refused, since one of the two answers would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for i, (key, _value) in enumerate(pairs) if key in dict(pairs[:i]))
        raise ValueError(f"{twice!a} stands twice in one object")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _rule_set(version: int | None) -> tuple[RuleSet, rules.RuleSet]:
    """The rule set in force, or the published one with this version. CommandError where there is none."""
    try:
        if version is None:
            return rules_in_force()
        row = RuleSet.objects.published().defer("content").filter(version=version).first()
        if row is None:
            raise CommandError(f"There is no published rule set {version}.", returncode=UNREADABLE)
        return row, compiled_rules(row.digest)
    except CannotScreen as error:
        raise CommandError(f"{CANNOT_SCREEN}: {error}.", returncode=UNREADABLE) from error


def _json(value: Any) -> str:
    return json.dumps(value)
