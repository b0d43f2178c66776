"""Headers, the content security policy and its nonce, CSRF, the secret key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .csrf import csrf_exempt as csrf_exempt
    from .headers import csp_nonce as csp_nonce

_HOMES = {"csp_nonce": ".headers", "csrf_exempt": ".csrf"}
__all__ = ["csp_nonce", "csrf_exempt"]

__getattr__ = names(__name__, _HOMES)
