"""The signature that a gateway like Twilio puts on what it reports."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence


def signature(address: str, form: Mapping[str, Sequence[str]], token: str) -> str:
    """Of a report to `address` with these fields: HMAC-SHA1 over the address and all names and values in order.

    https://www.twilio.com/docs/usage/security#validating-requests

    >>> signature("https://a.example/b", {"To": ["+48"], "Body": ["x"]}, "t")
    'SGk1LAbH5vXZbsFxFv6CQYmvhlU='
    """
    said = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return base64.b64encode(hmac.digest(token.encode(), (address + said).encode(), hashlib.sha1)).decode()


def is_signed(claimed: str, address: str, form: Mapping[str, Sequence[str]], token: str) -> bool:
    """Whether the report is from who knows the token; without a token nobody is. Compared in constant time."""
    expected = signature(address, form, token)
    return bool(token) and hmac.compare_digest(claimed.encode(), expected.encode())
