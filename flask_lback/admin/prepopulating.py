"""Fields that are made from others while they are empty, such as a slug from a title."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from wtforms import Field
from wtforms.validators import Length

from .attributes import find
from .base import BaseModelAdmin
from .versions import sent

#: Slugs of columns without a length of their own end here.
_LONGEST = 200


def slugify(text: str, allow_unicode: bool = False) -> str:
    """The readable part of an address, by Django's rules: ``Über den Fluss`` is ``uber-den-fluss``.

    :param allow_unicode: whether letters of other alphabets stay; they are dropped otherwise.
    """
    if allow_unicode:
        plain = unicodedata.normalize("NFKC", text)
    else:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^\w\s-]", "", plain.lower())
    return re.sub(r"[-\s]+", "-", plain).strip("-_")


def connect(admin: BaseModelAdmin, form: Any) -> None:
    """Tell the script which fields it fills in, and from which ones."""
    for name, sources in admin.prepopulated_fields.items():
        field = form._fields.get(name)
        known = [form._fields[one].id for one in sources if one in form._fields]
        if field is not None and known:
            field.render_kw = {
                **(field.render_kw or {}),
                "data-slug-from": " ".join(known),
                "data-slug-length": str(_length(field)),
                **({"data-slug-unicode": ""} if _allows_unicode(admin, name) else {}),
            }


def fill(admin: BaseModelAdmin, form: Any) -> None:
    """Make what was sent empty."""
    for name, sources in admin.prepopulated_fields.items():
        field = form._fields.get(name)
        known = [form._fields[one] for one in sources if one in form._fields]
        if field is None or not known or sent(field).strip():
            continue
        text = " ".join(sent(one) for one in known)
        made = slugify(text, _allows_unicode(admin, name))[: _length(field)].rstrip("-_")
        field.data, field.raw_data = made, [made]


def _allows_unicode(admin: BaseModelAdmin, name: str) -> bool:
    """``info={"allow_unicode": True}`` of the column."""
    path = find(admin.model, name)
    return bool(path is not None and getattr(path.column, "info", {}).get("allow_unicode"))


def _length(field: Field) -> int:
    rules: Any = field.validators
    return min((rule.max for rule in rules if isinstance(rule, Length)), default=_LONGEST)
