"""Signed texts: by ``SECRET_KEY``; ``SECRET_KEY_FALLBACKS`` still read; Lback's clock."""

from __future__ import annotations

import hashlib

from flask import Flask
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from ..core import clock


class _Signer(TimestampSigner):
    """itsdangerous by Lback's clock."""

    def get_timestamp(self) -> int:
        return int(clock.timestamp())


def secret_keys(app: Flask) -> list[bytes]:
    """The keys of an application, the present one last, as itsdangerous wants them."""
    keys = [*(app.config.get("SECRET_KEY_FALLBACKS") or ()), app.secret_key or ""]
    return [key.encode() if isinstance(key, str) else key for key in keys]


def serializer(app: Flask, purpose: str) -> URLSafeTimedSerializer:
    """Signs and reads texts of one purpose, and of no other."""
    return URLSafeTimedSerializer(
        secret_keys(app),
        salt=f"lback.{purpose}",
        signer=_Signer,
        signer_kwargs={"digest_method": hashlib.sha256},
    )
