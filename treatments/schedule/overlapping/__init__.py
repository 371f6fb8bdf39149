"""Overlaps on purpose: what a session would meet, who may book over it, and the report of them."""
