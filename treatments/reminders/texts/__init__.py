"""The clinic words its own messages: fixed placeholders, a preview, every version kept."""
