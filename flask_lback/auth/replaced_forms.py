"""The forms of an application's own: ``LBACK_AUTH_FORMS``."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from ..core.settings import imported
from ..exceptions import ConfigError
from ..forms.base import Form
from .parts import FORMS

_HINT = "Give a class made from {0}, or its dotted path."


def form_class_of(page: str, chosen: Any) -> type[Form]:
    """The class that stands for the form of a page.

    :param chosen: the class, or its dotted path.
    :raises ConfigError: it is none, or not one that our pages could use.
    """
    hint = _HINT.format(FORMS[page].__name__)
    if isinstance(chosen, str):
        named = f"LBACK_AUTH_FORMS[{page!r}] is {chosen!r}, which"
        chosen = imported(named, chosen, hint)
    if not (inspect.isclass(chosen) and issubclass(chosen, Form)):
        raise ConfigError(f"LBACK_AUTH_FORMS[{page!r}] is {chosen!r}.", hint)
    return chosen


def refuse_bad_forms(given: Mapping[str, Any]) -> None:
    """Refuse forms that no page could show; one that asks more than ours would be left out.

    :raises ConfigError: names the page.
    """
    for page, chosen in given.items():
        if page not in FORMS:
            near = difflib.get_close_matches(page, FORMS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Use one of {', '.join(FORMS)}."
            raise ConfigError(f"LBACK_AUTH_FORMS names the page {page!r}.", hint)
        form_class_of(page, chosen)
