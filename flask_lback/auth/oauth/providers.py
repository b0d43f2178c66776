"""The providers of an application, read from its settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from ...exceptions import ConfigError
from ...mail.links import is_loopback
from .presets import PRESETS

SETTING = "LBACK_AUTH_OAUTH_PROVIDERS"
#: Of the standard claims (OpenID Connect Core 5.1).
CLAIMS: Mapping[str, str] = {
    "subject": "sub",
    "email": "email",
    "email_verified": "email_verified",
    "name": "name",
    "username": "preferred_username",
}
#: How a client says who it is at the token endpoint (RFC 6749 section 2.3.1).
TOKEN_AUTH = ("client_secret_basic", "client_secret_post")
#: Parameters of an authorization request that are ours alone.
_OURS = frozenset(
    {
        *("client_id", "client_secret", "redirect_uri", "response_mode", "response_type"),
        *("scope", "state", "nonce", "code_challenge", "code_challenge_method"),
        *("request", "request_uri"),
    }
)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
#: What an address is written with (RFC 3986) but for quotes and semicolons, so that it can stand
#: in a header.
_ADDRESS = re.compile(r"[A-Za-z0-9:/?\[\]@!$&()*+,=._~%-]+")


@dataclass(frozen=True)
class Provider:
    """One provider: of OpenID Connect when it has an ``issuer``, of plain OAuth 2.0 otherwise.

    :ivar name: in addresses, in rows and in a session's method.
    :ivar label: what people call it.
    :ivar fields: where a plain provider's answer holds what is asked of it.
    :ivar emails_url: answers with a list of addresses, each with ``primary`` and ``verified``.
    :ivar params: sent with every authorization request.
    """

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str = ""
    issuer: str = ""
    authorize_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    emails_url: str = ""
    scope: str = ""
    token_auth: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


_KEYS = tuple(one.name for one in fields(Provider) if one.name != "name")
_MAPPINGS = ("fields", "params")
_PLAIN = ("authorize_url", "token_url", "userinfo_url")
_ADDRESSES = ("issuer", *_PLAIN, "emails_url")


def read_providers(given: Mapping[str, Any]) -> dict[str, Provider]:
    """The providers of the setting, by name.

    :raises ConfigError: an entry is incomplete, misspelt or unsafe.
    """
    return {name: _read(name, entry) for name, entry in given.items()}


def is_safe_address(url: object, *, loopback: bool = True) -> bool:
    """Whether an address may be asked, or sent to: https, or http of this machine.

    :param loopback: whether http of this machine counts.
    """
    if not isinstance(url, str) or not _ADDRESS.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or port == 0:
        return False
    return parts.scheme == "https" or (
        loopback and parts.scheme == "http" and is_loopback(parts.netloc)
    )


def _read(name: Any, entry: Any) -> Provider:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(
            f"{SETTING} has a provider called {name!r}.",
            "Use up to 32 lower-case letters, digits, - and _, a letter first; it is in addresses.",
        )
    where = f"{SETTING}[{name!r}]"
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where} is no mapping.", "Give client_id, client_secret and issuer.")
    _refuse_unknown(where, entry, _KEYS)
    values: dict[str, Any] = {"label": name.capitalize(), **PRESETS.get(name, {}), **entry}
    for key in _KEYS:
        _check_type(where, key, values.get(key))
    for key in ("client_id", "client_secret"):
        if not values.get(key):
            raise ConfigError(f"{where} has no {key}.", "The provider gives it to your site.")
    for key in _ADDRESSES:
        _check_address(f"{where}[{key!r}]", values.get(key) or "")
    (_complete_connect if values.get("issuer") else _complete_plain)(where, values)
    _check_rest(where, values)
    return Provider(name=name, **values)


def _complete_connect(where: str, values: dict[str, Any]) -> None:
    if explicit := [key for key in (*_PLAIN, "emails_url", "fields") if values.get(key)]:
        raise ConfigError(
            f"{where} has an issuer and {', '.join(explicit)}.",
            "Leave them out: the issuer tells them.",
        )
    if {"?", "#"} & set(values["issuer"]):
        raise ConfigError(f"{where}['issuer'] has a query.", "Give the issuer as it is published.")
    values["fields"] = CLAIMS
    values["scope"] = values.get("scope") or "openid email profile"
    if "openid" not in values["scope"].split():
        raise ConfigError(f"{where}['scope'] lacks openid.", 'Give "openid email profile".')


def _complete_plain(where: str, values: dict[str, Any]) -> None:
    if missing := [key for key in _PLAIN if not values.get(key)]:
        raise ConfigError(
            f"{where} has no issuer, and no {', '.join(missing)}.",
            "Give the issuer of an OpenID Connect provider, or these three addresses and fields.",
        )
    given = values.get("fields") or {}
    _refuse_unknown(f"{where}['fields']", given, CLAIMS)
    if not given.get("subject"):
        raise ConfigError(
            f"{where}['fields'] has no subject.",
            "Name the field of the answer whose value never changes and is never given again.",
        )


def _check_rest(where: str, values: Mapping[str, Any]) -> None:
    if (chosen := values.get("token_auth")) and chosen not in TOKEN_AUTH:
        raise ConfigError(
            f"{where}['token_auth'] is {chosen!r}.", f"Use {' or '.join(TOKEN_AUTH)}."
        )
    if ours := _OURS & set(values.get("params") or ()):
        raise ConfigError(
            f"{where}['params'] sets {', '.join(sorted(ours))}.", "These are made for each sign-in."
        )


def _refuse_unknown(where: str, given: Iterable[Any], known: Iterable[str]) -> None:
    names = list(known)
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Use {', '.join(names)}."
            raise ConfigError(f"{where} has the key {key!r}.", hint)


def _check_type(where: str, key: str, value: Any) -> None:
    if value is None:
        return
    if key in _MAPPINGS:
        good = isinstance(value, Mapping) and all(
            isinstance(one, str) for pair in value.items() for one in pair
        )
        kind = "a mapping of texts"
    else:
        good, kind = isinstance(value, str), "a text"
    if not good:  # not shown: it may be the secret
        raise ConfigError(f"{where}[{key!r}] is {type(value).__name__}.", f"Give {kind}.")


def _check_address(where: str, url: str) -> None:
    if url and not is_safe_address(url):
        raise ConfigError(
            f"{where} is {url!r}.", "Give an address of https; http is for this machine alone."
        )
