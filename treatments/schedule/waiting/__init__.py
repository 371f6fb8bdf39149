"""The waiting list: who is asked when time becomes free, what is held for them, and what is shown of it."""
