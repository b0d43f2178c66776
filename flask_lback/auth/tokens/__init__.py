"""Access and refresh tokens, and what an Authorization header stands for."""
