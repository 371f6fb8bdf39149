"""Measures the clinic beside its targets, in databases of its own. Part of the project: it knows all apps."""
