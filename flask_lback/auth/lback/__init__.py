"""Lback's managers: its names and calls, over the accounts of this package."""
