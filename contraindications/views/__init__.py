"""Pages about screening, one module a page."""
