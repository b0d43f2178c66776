"""The database: base model, column types, and what `db` is in an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .models import Base as Base
    from .models import BaseModel as BaseModel
    from .models import UTCDateTime as UTCDateTime

_HOMES = {"Base": ".models", "BaseModel": ".models", "UTCDateTime": ".models"}
__all__ = ["Base", "BaseModel", "UTCDateTime"]

__getattr__ = names(__name__, _HOMES)
