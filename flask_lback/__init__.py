"""Accounts, permissions, an admin panel and a security layer for Flask: ``Lback(app)``.

Names are loaded when they are first asked for, so that importing the package costs what
importing Flask costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import names

if TYPE_CHECKING:
    from .core.feature import Feature as Feature
    from .exceptions import ConfigError as ConfigError
    from .exceptions import LbackError as LbackError
    from .extension import Lback as Lback

__all__ = ["ConfigError", "Feature", "Lback", "LbackError"]

_HOMES = {
    "Lback": ".extension",
    "Feature": ".core.feature",
    "ConfigError": ".exceptions",
    "LbackError": ".exceptions",
}

__getattr__ = names(__name__, _HOMES)
