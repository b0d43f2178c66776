"""A second proof beside the password: codes of an app, sent codes, recovery codes."""
