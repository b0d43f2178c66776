"""Passwords: hashed, checked, refused."""
