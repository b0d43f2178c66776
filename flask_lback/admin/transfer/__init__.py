"""Rows out of a list as a file, and out of a file into the database."""
