"""Every signal by name, and ``dispatcher``, Lback's interface to them.

``from flask_lback.signals import user_logged_in`` works whether or not the feature that sends
it is switched on: names are plain data.
"""

from __future__ import annotations

import importlib
import importlib.util

from .core.signals import Dispatcher as _Dispatcher
from .core.signals import Signal as _Signal
from .core.signals import catalogue
from .exceptions import UnknownNameError as _UnknownNameError
from .features import FEATURES as _FEATURES

__all__ = ["catalogue", "dispatcher"]

for _feature in _FEATURES:
    _name = f"{__package__}.{_feature}.signals"
    if importlib.util.find_spec(_name) is not None:
        importlib.import_module(_name)

dispatcher = _Dispatcher(catalogue)


def __getattr__(name: str) -> _Signal:
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        return catalogue[name]
    except _UnknownNameError as error:
        raise AttributeError(str(error)) from error
