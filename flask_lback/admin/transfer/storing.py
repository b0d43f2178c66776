"""Files that wait for their confirmation: private, for an hour, each for one use."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from ...auth.users.mixins import key_of
from ...core import clock
from ...core.state import current_state
from ..settings import AdminSettings

#: How long the page before an import is good for, in seconds.
LIFE = 3_600
_NAME = re.compile(r"[\w-]{20,60}")


class Uploads:
    """The folder of one application."""

    def __init__(self) -> None:
        given = current_state()[AdminSettings].import_folder
        self._folder = Path(given or Path(current_app.instance_path) / "lback-imports")

    def keep(self, content: bytes) -> str:
        """Keep a file that nobody else on the machine reads; old ones go.

        :returns: its name.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._clean()
        name = secrets.token_urlsafe(24)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(self._folder / name, flags, 0o600), "wb") as file:
            file.write(content)
        return name

    def take(self, name: str) -> bytes | None:
        """The content of a file, which is gone afterwards; None when it is gone already."""
        if not _NAME.fullmatch(name):
            return None
        taken = self._folder / f".{secrets.token_urlsafe(24)}"
        try:
            (self._folder / name).rename(taken)  # of two who ask at once, one gets it
        except OSError:
            return None
        try:
            return taken.read_bytes()
        finally:
            taken.unlink(missing_ok=True)

    def _clean(self) -> None:
        oldest = clock.now().timestamp() - LIFE
        for path in self._files():
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except OSError:  # another process was faster
                continue

    def _files(self) -> Iterator[Path]:
        return self._folder.iterdir()


def prove(user: object, endpoint: str, name: str, content: bytes, outcome: str) -> str:
    """The text that the confirmation carries: this file, for this account and model, doing this."""
    until = int(clock.now().timestamp()) + LIFE
    return _serializer().dumps([until, name, _digest(user, endpoint, content), outcome])


def proven(text: str) -> tuple[str, str, str] | None:
    """Name, digest and outcome in such a text; None when it is not ours, or too old."""
    try:
        until, name, digest, outcome = _serializer().loads(text)
    except (BadSignature, TypeError, ValueError):
        return None
    return (name, digest, outcome) if until >= clock.now().timestamp() else None


def is_same(digest: str, user: object, endpoint: str, content: bytes) -> bool:
    """Whether a digest is of this content, sent by this account for this model."""
    return secrets.compare_digest(digest, _digest(user, endpoint, content))


def _digest(user: object, endpoint: str, content: bytes) -> str:
    place = f"{key_of(user)}\0{endpoint}\0".encode()
    return hashlib.sha256(place + content).hexdigest()


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="lback.admin.import")
