"""The pages that patients open from a message, by the personal link in it."""
