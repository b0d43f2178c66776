"""One row of an inline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import keys
from ..forms import RecordForm


@dataclass
class Row:
    """One row on the page.

    :ivar number: in the names of its fields.
    :ivar form: None when it is printed only.
    :ivar obj: None when it is new.
    :ivar goes: whether it is to be deleted.
    :ivar is_changed: whether something else was sent than the page had.
    :ivar seen: the digests of the values that it was drawn with.
    """

    number: str
    form: RecordForm | None
    obj: Any = None
    may_delete: bool = False
    goes: bool = False
    is_changed: bool = False
    seen: str = ""

    @property
    def key(self) -> str:
        """Its key as text; "" when it is new."""
        return "" if self.obj is None else keys.encode(self.obj)
