"""What providers and gateways report of messages: only what is signed is believed."""
