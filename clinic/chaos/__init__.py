"""Everything that can break around the messages is broken, and then it is counted what came of them."""
