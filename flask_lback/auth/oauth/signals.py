"""Signals: sign in with other sites. None carries a token, a code or a secret."""

from __future__ import annotations

from ...core.signals import declare

_CLIENT = "the client of the provider"
_SERVICE = "the OAuthAccounts"

oauth2_authorize_url_generated = declare(
    "oauth2_authorize_url_generated",
    "Somebody is sent to a provider.",
    sender=_CLIENT,
    provider="the provider's name",
    authorize_url="the provider's page, without what is asked of it",
    scope="what is asked for",
)
oauth2_token_fetched = declare(
    "oauth2_token_fetched",
    "A provider has taken a code. The tokens are not passed on.",
    sender=_CLIENT,
    provider="the provider's name",
)
oauth2_token_fetch_failed = declare(
    "oauth2_token_fetch_failed",
    "A provider has not taken a code.",
    sender=_CLIENT,
    provider="the provider's name",
    error="`timeout`, `http_error_<status>`, `request_error` or `unexpected_exception`",
)
oauth_account_linked = declare(
    "oauth_account_linked",
    "An account can be opened through a provider from now on.",
    sender=_SERVICE,
    user="the account",
    provider="the provider's name",
)
oauth_account_unlinked = declare(
    "oauth_account_unlinked",
    "An account cannot be opened through a provider any longer.",
    sender=_SERVICE,
    user="the account",
    provider="the provider's name",
)
oauth_refused = declare(
    "oauth_refused",
    "Somebody came from a provider, and was neither signed in nor linked.",
    sender=_SERVICE,
    provider="the provider's name",
    reason="such as `invalid_state`, `address_taken`, `id_token` or `timeout`",
)
