"""Redirect targets that come from a browser (CWE-601; CVE-2021-32618, CVE-2023-49438)."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from flask import request

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
