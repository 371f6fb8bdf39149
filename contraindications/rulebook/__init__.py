"""The rule sets: what a draft makes of them, what it may hold, whom it would flip, and the pages of all that."""
