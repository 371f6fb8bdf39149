"""The screening against a second, naive one on random cases: no difference is allowed."""

import os

from contraindications.cases import answer
from contraindications.tests import documented, oracle, random_cases

# `make` runs the suite's share; CASES=100000 runs the long comparison by hand.
CASES = int(os.environ.get("CASES", "2000"))
SEED = os.environ.get("SEED", "1")


def without_the_words_of_an_error(result):
    return {**result, "error": "..."} if "error" in result else result


def test_two_implementations_agree_on_every_random_case():
    for case in random_cases.cases(SEED, CASES):
        ours = answer(case, documented.catalogue(), documented.ruleset())
        theirs = oracle.answer(case, random_cases.DATA)

        assert without_the_words_of_an_error(ours) == without_the_words_of_an_error(theirs), case
