"""Marks on every text that people read. The catalogues arrive with the translation feature."""

from __future__ import annotations

from typing import Any


def gettext(message: str, **values: Any) -> str:
    """The text in the reader's language, with ``%(name)s`` places filled from ``values``."""
    return message % values if values else message
