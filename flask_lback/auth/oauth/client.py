"""One provider as this site's client sees it: send people there, and learn who came back.

Authlib speaks OAuth 2.0, with PKCE (RFC 7636) always; PyJWT verifies ID tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .discovery import Discovery, Endpoints
from .flows import Flow
from .id_tokens import verify
from .identity import Identity, identity_of, main_address
from .providers import Provider
from .refusals import ProviderError
from .signals import (
    oauth2_authorize_url_generated,
    oauth2_token_fetch_failed,
    oauth2_token_fetched,
)

if TYPE_CHECKING:
    from authlib.integrations.requests_client import (  # type: ignore[import-untyped]
        OAuth2Session,
    )

_LONGEST_CODE = 4_000


class ProviderClient:
    """The client of one provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._discovery = Discovery(provider)

    @property
    def name(self) -> str:
        """The provider's name in addresses and rows."""
        return self.provider.name

    @property
    def label(self) -> str:
        """What people call the provider."""
        return self.provider.label

    def authorize_url(self, flow: Flow, redirect_uri: str) -> str:
        """Where a person is sent.

        :param redirect_uri: where the provider sends them back to.
        :raises ProviderError: the provider does not tell where.
        """
        endpoints = self._discovery.endpoints()
        extra = {"nonce": flow.nonce} if self.provider.issuer else {}
        with self._session(endpoints, redirect_uri) as session:
            url, _ = session.create_authorization_url(
                endpoints.authorize_url,
                state=flow.state,
                code_verifier=flow.verifier,
                **{**self.provider.params, **extra},
            )
        oauth2_authorize_url_generated.emit(
            self,
            provider=self.name,
            authorize_url=endpoints.authorize_url,
            scope=self.provider.scope,
        )
        return str(url)

    def identify(self, answer: Mapping[str, str], flow: Flow, redirect_uri: str) -> Identity:
        """Who the provider says that somebody is.

        :param answer: what came with the person, its ``state`` checked.
        :param redirect_uri: the one that was given at the start.
        :raises ProviderError: it did not say so in a way that can be believed.
        """
        endpoints = self._discovery.endpoints()
        self._check_issuer(answer.get("iss"), endpoints)
        if "error" in answer:
            denied = answer["error"] == "access_denied"
            raise ProviderError("access_denied" if denied else "provider_error")
        code = answer.get("code", "")
        if not 0 < len(code) <= _LONGEST_CODE:
            raise ProviderError("no_code")
        token = self._redeem(code, flow, redirect_uri, endpoints)
        read = self._connect if self.provider.issuer else self._plain
        return read(token, flow, endpoints)

    def _check_issuer(self, sent: str | None, endpoints: Endpoints) -> None:
        """Refuse the answer of another provider (mix-up, RFC 9207)."""
        if not self.provider.issuer or (sent is None and not endpoints.sends_issuer):
            return
        if sent != self.provider.issuer:
            raise ProviderError("wrong_issuer")

    def _redeem(
        self, code: str, flow: Flow, redirect_uri: str, endpoints: Endpoints
    ) -> Mapping[str, Any]:
        from . import outgoing

        try:
            with self._session(endpoints, redirect_uri) as session:
                token: Mapping[str, Any] = session.fetch_token(
                    endpoints.token_url,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=flow.verifier,
                )
        except Exception as error:
            word = outgoing.kind_of(error)
            oauth2_token_fetch_failed.emit(self, provider=self.name, error=word)
            raise ProviderError(word) from error
        if not isinstance(token.get("access_token"), str):
            raise ProviderError("no_access_token")
        oauth2_token_fetched.emit(self, provider=self.name)
        return token

    def _connect(self, token: Mapping[str, Any], flow: Flow, endpoints: Endpoints) -> Identity:
        provider = self.provider
        claims = verify(
            token.get("id_token"),
            keys=self._discovery.keys,
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=flow.nonce,
        )
        if "email" not in claims and endpoints.userinfo_url:
            more = self._ask(endpoints.userinfo_url, token)
            # Somebody else's, put in place of this person's (OpenID Connect Core 5.3.2).
            if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
                raise ProviderError("wrong_subject")
            claims = more
        return identity_of(claims, provider.fields)

    def _plain(self, token: Mapping[str, Any], flow: Flow, endpoints: Endpoints) -> Identity:
        said = self._ask(endpoints.userinfo_url, token)
        if not isinstance(said, dict):
            raise ProviderError("invalid_document")
        identity = identity_of(said, self.provider.fields)
        if url := self.provider.emails_url:
            email, verified = main_address(self._ask(url, token))
            identity = replace(identity, email=email, verified=verified)
        return identity

    def _ask(self, url: str, token: Mapping[str, Any]) -> Any:
        from . import outgoing

        try:
            return outgoing.get_json(url, token=token["access_token"])
        except Exception as error:
            raise ProviderError(outgoing.kind_of(error)) from error

    def _session(self, endpoints: Endpoints, redirect_uri: str) -> OAuth2Session:
        from authlib.integrations.requests_client import OAuth2Session

        from .outgoing import bound

        session = OAuth2Session(
            self.provider.client_id,
            self.provider.client_secret,
            token_endpoint_auth_method=endpoints.token_auth,
            scope=self.provider.scope or None,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        bound(session)
        return session
