"""The database: base model, column types, and what `db` is in an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .models import NAMING_CONVENTION as NAMING_CONVENTION
    from .models import BaseModel as BaseModel
    from .models import UTCDateTime as UTCDateTime

_HOMES = {"BaseModel": ".models", "NAMING_CONVENTION": ".models", "UTCDateTime": ".models"}
__all__ = ["NAMING_CONVENTION", "BaseModel", "UTCDateTime"]

__getattr__ = names(__name__, _HOMES)
