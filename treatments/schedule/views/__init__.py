"""The pages of the calendar, one module a page."""
