"""Settings of the security layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting

#: Nothing from outside, nothing inline; what a page needs beyond it carries the nonce.
STRICT_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


@dataclass(frozen=True)
class SecuritySettings(Settings):
    """``LBACK_SECURITY_*``: response headers and the content security policy."""

    prefix: ClassVar[str] = "LBACK_SECURITY_"

    csp: Mapping[str, str] = setting(
        {},
        "Directives of the content security policy that differ from the strict one, such as "
        '`{"img-src": "\'self\' https://images.example.org"}`. An empty text takes one out.',
    )
    csp_enabled: bool = setting(True, "Whether a content security policy is sent.")
    headers: Mapping[str, str] = setting(
        {}, "Response headers that differ from the defaults. An empty text takes one out."
    )
    hsts_seconds: int = setting(
        0, "Life of Strict-Transport-Security, sent over https only. 0 sends none.", minimum=0
    )
