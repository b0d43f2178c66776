"""Signals of the API tokens."""

from __future__ import annotations

from ...core.signals import declare

api_token_created = declare(
    "api_token_created",
    "An account has a new API token. The token itself is not passed on.",
    sender="the ApiTokens",
    user="the account",
    api_token="the row",  # noqa: S106  # nosec B106 - in words
)
api_token_revoked = declare(
    "api_token_revoked",
    "API tokens of an account were ended by their owner.",
    sender="the ApiTokens",
    user="the account",
    count="how many",
)
