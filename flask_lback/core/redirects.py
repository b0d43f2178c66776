"""Redirect targets: those of a browser (CWE-601; CVE-2021-32618, CVE-2023-49438), and settings."""

from __future__ import annotations

import difflib
import unicodedata
from urllib.parse import urlsplit

from flask import Flask, request, url_for
from werkzeug.routing import BuildError

from ..exceptions import ConfigError

#: Longer values are refused unread: no page of ours links to one.
LONGEST = 2_000


def is_safe_redirect(target: str | None) -> bool:
    """Whether ``target`` is a path on this site, whatever a browser makes of it.

    Only a path is accepted: no scheme, no host, no backslash, no control or format character.
    """
    if not target or len(target) > LONGEST or not target.startswith("/"):
        return False
    if target[1:2] in ("/", "\\") or "\\" in target:
        return False
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in target):
        return False
    lowered = target.lower()
    if lowered.startswith(("/%5c", "/%2f", "/%09", "/%0a", "/%0d")):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc


def safe_redirect_target(default: str, *, name: str = "next") -> str:
    """The page to go on to: the request's ``next`` when it is safe, ``default`` otherwise.

    The form wins over the query string; two different values in one place count as none.
    """
    for source in (request.form, request.args):
        values = set(source.getlist(name))
        if len(values) == 1 and is_safe_redirect(target := values.pop()):
            return target
    return default


def here() -> str:
    """The path and query of this request, to come back to."""
    return request.full_path if request.query_string else request.path


def resolve_url(to: str) -> str:
    """The address that a setting means: a path, a full address, or an endpoint, as in Django."""
    return to if "/" in to else url_for(to)


def refuse_dead_end(app: Flask, key: str, to: str) -> None:
    """Refuse a setting of which :func:`resolve_url` could not make an address.

    :param key: the setting, for the message.
    :raises ConfigError: names the nearest endpoint.
    """
    if "/" in to:
        if to.startswith(("/", "http://", "https://")):
            return
        raise ConfigError(f"{key} is {to!r}.", f"Did you mean {'/' + to!r}?")
    values: dict[str, str] = {}
    app.inject_url_defaults(to, values)
    try:
        app.url_map.bind("localhost").build(to, values)
    except BuildError as error:
        near = difflib.get_close_matches(to, app.view_functions, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Give a path, or an endpoint."
        if to in app.view_functions:
            hint = "Its address has variable parts: give a path."
        raise ConfigError(f"{key} is {to!r}, which leads to no page.", hint) from error
