"""The pages on which the rule sets are read, drafted, previewed and published."""
