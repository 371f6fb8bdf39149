"""URL parts."""


class Id:
    """A primary key: at most 18 digits, so that it always fits a bigint and a made-up one is just not found."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
