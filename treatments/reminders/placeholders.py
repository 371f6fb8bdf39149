"""Texts with placeholders of a fixed set. No template language: {name} is replaced, nothing is looked into."""

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# What every kind may say; the kinds add their own.
COMMON = frozenset({"greet", "clinic", "phone", "signature"})


def named(text: str) -> set[str]:
    """The placeholders that a text holds.

    >>> sorted(named("Hello {greet}, {clinic} writes. {greet}!"))
    ['clinic', 'greet']
    """
    return set(PLACEHOLDER.findall(text))


def filled(text: str, said: Mapping[str, str]) -> str:
    """The text with what is said in the place of each placeholder. What is put in is not looked at again.

    A line of which a placeholder has nothing to say is left out. Raises KeyError for a placeholder of no value.

    >>> print(filled("Hello {greet}.\\nCall {phone}.\\nBye", {"greet": "{phone}", "phone": ""}))
    Hello {phone}.
    Bye
    """
    lines = [line for line in text.split("\n") if all(said[name] for name in named(line))]
    return "\n".join(PLACEHOLDER.sub(lambda found: said[found[1]], line) for line in lines)
