"""Sign in with an account of another site: OAuth 2.0 and OpenID Connect."""
