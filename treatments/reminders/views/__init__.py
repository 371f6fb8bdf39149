"""Pages about messages, one file a page."""
