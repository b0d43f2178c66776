"""Whom passkeys are made for: the site's domain and its origins (WebAuthn 4, Relying Party)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask

from ...core.translation import gettext
from ...exceptions import ConfigError
from ...mail.links import site_url
from .settings import PasskeySettings

#: Scheme, host and port, as a browser writes them; or an app of Android.
_ORIGIN = re.compile(
    r"https?://([a-z0-9.-]+|\[[a-f0-9:.]+\])(:[0-9]{1,5})?|android:apk-key-hash:[\w-]+"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class RelyingParty:
    """What a passkey names as its site, and where it may be used from."""

    id: str
    origins: tuple[str, ...]


def check_origins(settings: PasskeySettings) -> None:
    """Refuse origins that no browser would ever send.

    :raises ConfigError: one has a path, capital letters or another scheme.
    """
    for origin in settings.origins:
        if not _ORIGIN.fullmatch(origin):
            raise ConfigError(
                f"LBACK_AUTH_PASSKEY_ORIGINS holds {origin!r}.",
                "Give scheme and host in small letters, such as https://www.example.org.",
            )


def relying_party(app: Flask, settings: PasskeySettings) -> RelyingParty:
    """The site as its configuration names it, never as an untrusted Host header does.

    :raises ConfigError: it has no name that passkeys can belong to; the message is for people.
    """
    if settings.rp_id and settings.origins:
        return RelyingParty(settings.rp_id, settings.origins)
    scheme, host, port = _parts(site_url(app))
    origin = f"{scheme}://{host}" + ("" if port is None else f":{port}")
    party = RelyingParty(settings.rp_id or host, settings.origins or (origin,))
    if _is_number(party.id):
        raise ConfigError(
            gettext("Passkeys do not work at %(host)s: they need a name.", host=party.id),
            gettext("Open this site under its name, such as localhost."),
        )
    if not any(_is_secure(one) for one in party.origins):
        raise ConfigError(
            gettext("Passkeys need https."), gettext("Open this site by its https address.")
        )
    return party


def _parts(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        name = host if ":" in host else host.encode("idna").decode()
    except ValueError as error:  # UnicodeError too
        raise ConfigError(f"The address {url!r} names no host.", "Set LBACK_SITE_URL.") from error
    return parts.scheme, name, None if port == _DEFAULT_PORTS.get(parts.scheme) else port


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_secure(origin: str) -> bool:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    return parts.scheme != "http" or host == "localhost" or host.endswith(".localhost")
