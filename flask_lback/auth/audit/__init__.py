"""What happened to accounts, as rows that nobody edits."""
