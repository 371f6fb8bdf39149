"""What people decide about findings: who may, why it lapses, what waits for them, and the report of it."""
