"""Signals: the security layer."""

from __future__ import annotations

from ..core.signals import declare

csrf_token_validation_failed = declare(
    "csrf_token_validation_failed",
    "A request was refused, since another site may have sent it.",
    sender="the CSRFProtection",
    request="the request",
    error_type="`cross_origin`, or what Flask-WTF has against the token",
)
