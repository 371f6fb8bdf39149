"""Secrets in links: 256 random bits for the patient, their SHA-256 for us."""

import hashlib
import secrets


def new() -> str:
    """A token that nobody can guess, fit for an address."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is stored of a token and what it is found by.

    >>> len(hashed("any text, however long"))
    64
    """
    return hashlib.sha256(token.encode()).hexdigest()
