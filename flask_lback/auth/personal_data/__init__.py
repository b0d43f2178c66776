"""Take everything with you, and be forgotten (GDPR, articles 17 and 20)."""
