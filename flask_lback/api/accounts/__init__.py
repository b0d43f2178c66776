"""The JSON face of the accounts."""
