"""Where the pages and the keys of a provider are (OpenID Connect Discovery 1.0, RFC 8414)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ...core import clock
from .providers import TOKEN_AUTH, Provider, is_safe_address
from .refusals import ProviderError

T = TypeVar("T")
#: Seconds that what a provider tells of itself is kept.
KEPT_SECONDS = 3_600
#: Seconds that a provider which did not answer is left alone: nobody waits for it meanwhile.
AWAY_SECONDS = 30
#: Seconds before the keys are asked for again because one is not among them.
KEYS_SECONDS = 60
_WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Endpoints:
    """The addresses of a provider.

    :ivar token_auth: how a client says who it is at the token endpoint.
    :ivar sends_issuer: whether every answer names the issuer (RFC 9207).
    """

    authorize_url: str
    token_url: str
    userinfo_url: str
    keys_url: str
    token_auth: str
    sends_issuer: bool


class Kept:
    """A document of a provider, fetched when it is first needed and kept for a while."""

    def __init__(self, fetch: Callable[[], Any]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._value: Any = None
        self._fetched_at = self._away_until = float("-inf")

    def get(self, *, oldest: int = KEPT_SECONDS) -> Any:
        """The document.

        :param oldest: seconds since it was fetched.
        :raises ProviderError: it cannot be had, now or a moment ago.
        """
        with self._lock:
            now = clock.timestamp()
            if self._value is not None and now - self._fetched_at < oldest:
                return self._value
            if now < self._away_until:
                raise ProviderError("away")
            try:
                self._value = self._fetch()
            except ProviderError:
                self._away_until = now + AWAY_SECONDS
                raise
            self._fetched_at = now
            return self._value


class Discovery:
    """What one provider tells of itself. Nothing is fetched before somebody signs in."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._described = Kept(self._describe)
        self._keys = Kept(self._fetch_keys)

    def endpoints(self) -> Endpoints:
        """Its addresses: as configured, or as its issuer tells.

        :raises ProviderError: the issuer does not tell them.
        """
        provider = self._provider
        if provider.issuer:
            found: Endpoints = self._described.get()
            return found
        return Endpoints(
            provider.authorize_url,
            provider.token_url,
            provider.userinfo_url,
            "",
            provider.token_auth or TOKEN_AUTH[0],
            False,
        )

    def keys(self, kid: str | None) -> list[dict[str, Any]]:
        """The keys that may have signed, fetched again when none has this name.

        :param kid: the name in a token's header; None when it has none.
        :raises ProviderError: there is none.
        """
        for oldest in (KEPT_SECONDS, KEYS_SECONDS):
            every = self._keys.get(oldest=oldest)
            found = [one for one in every if kid is None or one.get("kid") == kid]
            if found:
                return found
        raise ProviderError("id_token")

    def _fetch_keys(self) -> list[dict[str, Any]]:
        document = _fetch(self.endpoints().keys_url)
        keys = document.get("keys")
        if not isinstance(keys, list):
            raise ProviderError("invalid_keys")
        return [one for one in keys if isinstance(one, dict) and one.get("use", "sig") == "sig"]

    def _describe(self) -> Endpoints:
        provider = self._provider
        document = _fetch(provider.issuer.rstrip("/") + _WELL_KNOWN)
        # Another issuer could sign in everybody (OpenID Connect Discovery 4.3).
        if document.get("issuer") != provider.issuer:
            raise ProviderError("wrong_issuer")
        local = urlsplit(provider.issuer).scheme == "http"

        def address(name: str, *, optional: bool = False) -> str:
            url = document.get(name) or ""
            if not (is_safe_address(url, loopback=local) or (optional and url == "")):
                raise ProviderError("unsafe_endpoint")
            return str(url)

        return Endpoints(
            address("authorization_endpoint"),
            address("token_endpoint"),
            address("userinfo_endpoint", optional=True),
            address("jwks_uri"),
            provider.token_auth or _token_auth(document),
            document.get("authorization_response_iss_parameter_supported") is True,
        )


def _token_auth(document: dict[str, Any]) -> str:
    offered = document.get("token_endpoint_auth_methods_supported")
    if not isinstance(offered, list):
        return TOKEN_AUTH[0]  # what the specification says it is then
    return next((one for one in TOKEN_AUTH if one in offered), TOKEN_AUTH[0])


def _fetch(url: str) -> dict[str, Any]:
    from . import outgoing

    try:
        document = outgoing.get_json(url)
    except Exception as error:
        raise ProviderError(outgoing.kind_of(error)) from error
    if not isinstance(document, dict):
        raise ProviderError("invalid_document")
    return document
