"""Logins as rows, and the one statement that finds them."""
