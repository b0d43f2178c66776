"""Mails to the owner of an account, and the links in them."""
