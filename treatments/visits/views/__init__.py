"""The pages of a session's day, one module a page."""
