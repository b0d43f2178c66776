"""Where the links of mails lead: to the account pages, or to an application's own front end."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlsplit

from flask import Flask, current_app
from werkzeug.routing import BuildError

from ...core.state import current_state, state_of
from ...exceptions import ConfigError
from ...mail.links import external_url, site_url
from ..settings import AuthSettings
from ..users.directory import Directory

_TOKEN = "{token}"  # noqa: S105 # nosec B105 - the place of one
#: Pages that a mail leads to with a token.
_WITH_TOKEN = ("verify_email", "reset_password", "confirm_email", "magic_link", "accept_invitation")
#: Pages that a mail names for further steps; without them it goes without a link.
_PLAIN = ("request_reset_password", "login", "sessions", "tokens", "passkeys", "connections")
#: JSON routes whose mail is of no use without its link, and the page that it leads to.
_NEEDED = {
    "resend_verification": "verify_email",
    "request_reset_password": "reset_password",  # nosec B105 - a page
    "change_email": "confirm_email",
    "request_magic_link": "magic_link",
}


def page_url(page: str, **values: str) -> str:
    """The full address of a page, for a mail.

    ``LBACK_AUTH_LINKS`` wins over the page of this package.

    :param values: ``token``, for a page that takes one.
    :raises ConfigError: there is no such page, or the site's own address is not known.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    given = current_state()[AuthSettings].links.get(page)
    if given is not None:
        url = site_url(app) + given if given.startswith("/") else given
        return url.replace(_TOKEN, quote(values.get("token", ""), safe=""))
    try:
        return external_url(f"lback_auth.{page}", **values)
    except BuildError as error:
        raise _nowhere(page) from error


def page_url_or_none(page: str) -> str | None:
    """As :func:`page_url`; a mail about what has happened goes out without the link as well."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if page not in current_state()[AuthSettings].links and f"lback_auth.{page}" not in (
        app.view_functions
    ):
        return None
    try:
        return page_url(page)
    except ConfigError as error:
        app.logger.warning("A mail goes without the link to %s: %s", page, error)
        return None


def refuse_bad_links(links: Mapping[str, str]) -> None:
    """Refuse what no mail could use.

    :raises ConfigError: names the page, and what is wrong.
    """
    for page, url in links.items():
        if page not in (*_WITH_TOKEN, *_PLAIN):
            near = difflib.get_close_matches(page, (*_WITH_TOKEN, *_PLAIN), n=1)
            every = ", ".join((*_WITH_TOKEN, *_PLAIN))
            hint = f"Did you mean {near[0]!r}?" if near else f"Use one of {every}."
            raise ConfigError(f"LBACK_AUTH_LINKS names the page {page!r}.", hint)
        example = f"https://app.example/{page.replace('_', '-')}"
        if not _is_address(url):
            raise ConfigError(
                f"LBACK_AUTH_LINKS[{page!r}] is {url!r}.",
                f"Give an address such as {example!r}, or a path of this site.",
            )
        if page in _WITH_TOKEN and url.count(_TOKEN) != 1:
            raise ConfigError(
                f"LBACK_AUTH_LINKS[{page!r}] is {url!r}, and has no place for the token.",
                f"Give it one, such as {example + '?token={token}'!r}.",
            )


def missing_links(app: Flask) -> Iterator[str]:
    """Pages that mails of the JSON routes have to lead to, and that are nowhere."""
    state = state_of(app)
    settings = state[AuthSettings]
    if not state[Directory].has_email:
        return
    for route, page in _NEEDED.items():
        needed = f"lback_api_auth.{route}" in app.view_functions
        if page == "verify_email" and not (settings.verify_email or settings.admin_emails):
            needed = False
        if needed and page not in settings.links and f"lback_auth.{page}" not in app.view_functions:
            yield page


def refuse_missing_links(app: Flask) -> None:
    """Refuse to serve while a mail would need a link that leads nowhere.

    :raises ConfigError: names the first page that is missing.
    """
    for page in missing_links(app):
        raise _nowhere(page)


def _nowhere(page: str) -> ConfigError:
    token = f"?token={_TOKEN}" if page in _WITH_TOKEN else ""
    url = f"https://app.example/{page.replace('_', '-')}{token}"
    return ConfigError(
        f"There is no page {page!r} that a mail could lead to.",
        f"Set LBACK_AUTH_LINKS = {{{page!r}: {url!r}}}, or mount the account pages.",
    )


def _is_address(url: str) -> bool:
    if any(character.isspace() for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if url.startswith("/"):
        return not parts.netloc and "\\" not in url
    return parts.scheme in ("http", "https") and bool(parts.hostname)
