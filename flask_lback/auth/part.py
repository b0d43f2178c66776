"""What a part of the accounts feature is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..core.feature import Feature
from ..forms.base import Form


class Part(Feature):
    """A folder of this feature with the rooms of a feature of its own.

    Its routes are in its ``views.py``, which ``views/__init__.py`` mounts with the others.
    """

    #: The form of each of its pages, replaceable by ``LBACK_AUTH_FORMS``.
    forms: ClassVar[Mapping[str, type[Form]]] = {}
