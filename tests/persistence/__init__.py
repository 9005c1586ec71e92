"""The schema and its guards, write transactions, and group commit, on both databases."""
