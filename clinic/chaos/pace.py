"""How fast the machinery turns in a run, see `MESSAGE_PACE` in the settings."""

PACE = 10
TICK = 60 / PACE  # seconds
LETTER = 20 / PACE  # seconds that a conversation with the mail server may stand still
