"""What tests of applications need: fixtures in ``plugin.py``, plain functions in ``kit.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .kit import count_queries as count_queries
    from .kit import record_signals as record_signals
    from .kit import sign_in as sign_in
    from .kit import use_cheap_hasher as use_cheap_hasher

_HOMES = {
    "count_queries": ".kit",
    "record_signals": ".kit",
    "sign_in": ".kit",
    "use_cheap_hasher": ".kit",
}
__all__ = ["count_queries", "record_signals", "sign_in", "use_cheap_hasher"]

__getattr__ = names(__name__, _HOMES)
