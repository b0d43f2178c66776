"""Addresses in mails: from the configuration, never from an untrusted Host header."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, has_request_context, request, url_for

from ..core.settings import CoreSettings
from ..core.state import state_of
from ..exceptions import ConfigError

#: A name or an IPv4 address, or an IPv6 address in brackets, with a port or without.
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+|\[[a-f0-9:.]+\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
HINT = 'Set LBACK_SITE_URL, such as "https://example.org", or SERVER_NAME.'


def site_url(app: Flask) -> str:
    """Scheme and host of the site, without a slash at the end.

    :raises ConfigError: nothing is configured and this is not a loopback address
        (host header poisoning, CWE-640).
    """
    if configured := state_of(app)[CoreSettings].site_url:
        return configured.rstrip("/")
    if name := app.config.get("SERVER_NAME"):
        return f"{app.config['PREFERRED_URL_SCHEME']}://{name}"
    if has_request_context() and is_loopback(request.host):
        return f"{request.scheme}://{request.host}"
    host = request.host if has_request_context() else "no request"
    raise ConfigError(f"Links in mails cannot be built from the host {host!r}.", HINT)


def external_url(endpoint: str, **values: Any) -> str:
    """The full address of a page, for a mail."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    base = site_url(app)
    if has_request_context():
        return base + url_for(endpoint, _external=False, **values)
    # Flask builds no address outside of a request without SERVER_NAME.
    app.inject_url_defaults(endpoint, values)
    adapter = app.url_map.bind(urlsplit(base).netloc, app.config["APPLICATION_ROOT"])
    return base + adapter.build(endpoint, values)


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine."""
    if (found := _HOST.fullmatch(host)) is None:
        return False
    name = found["name"].strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
