"""Another time for sessions that are booked: what a change would bring with it, shown before it is made."""
