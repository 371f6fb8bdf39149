"""What the calendar and the list beside it show, as plain values."""
