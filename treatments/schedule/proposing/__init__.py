"""All that is asked when times for a course are looked for, and what the pages show of the answer."""
