"""Passkeys (WebAuthn level 2), as a second proof or instead of a password."""
