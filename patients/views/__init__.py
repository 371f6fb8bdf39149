"""Pages about patients, one module a page."""
