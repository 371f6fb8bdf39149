"""Many people want the same times at once, through the clinic's own pages. Part of the project: it knows all apps."""
