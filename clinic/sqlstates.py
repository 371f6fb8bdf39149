"""The five characters by which PostgreSQL names an error, where they decide something."""

TRY_AGAIN = {"40P01", "40001"}  # deadlock, serialization failure
TOO_LONG = "55P03"  # a lock that was waited for until `lock_timeout`


def sqlstate(error: BaseException | None) -> str:
    """Of an error of Django's; empty if PostgreSQL did not raise it."""
    return getattr(getattr(error, "__cause__", None), "pgcode", None) or ""
