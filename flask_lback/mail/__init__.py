"""Messages from templates, sent off the request."""
