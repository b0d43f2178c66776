"""Tokens for programs: with a name, scopes, an end; shown once."""
