"""Real counterparts for the tests: databases, a mail server, gunicorn, a browser."""
