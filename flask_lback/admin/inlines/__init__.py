"""Rows of other models on the page of a record, written together with it."""
