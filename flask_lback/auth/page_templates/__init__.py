"""Which templates the account pages are made of."""
