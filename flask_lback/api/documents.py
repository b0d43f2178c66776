"""Read a JSON body: an object with values of the kinds that are asked for, or 400."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from ..core.errors import Problem
from ..core.state import current_state
from ..core.translation import gettext
from .settings import ApiSettings

T = TypeVar("T")


class Document:
    """The object that the client sent.

    Fields are taken one by one; :meth:`checked` then refuses them all together, so that the
    client hears of every mistake at once.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._errors: dict[str, list[str]] = {}

    @classmethod
    def of_request(cls) -> Document:
        """The body of this request.

        :raises Problem: 415 for another media type, 413 for a long body, 400 for what is not
            a JSON object.
        """
        if not request.is_json:
            raise Problem(
                415, "unsupported_media_type", gettext("Send JSON with its Content-Type.")
            )
        most = current_state()[ApiSettings].most_body_bytes
        body = _read(most)
        try:
            values = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise Problem(400, "malformed_json", gettext("The body is not JSON.")) from error
        if not isinstance(values, dict):
            raise Problem(400, "malformed_json", gettext("The body must be a JSON object."))
        return cls(values)

    def text(self, name: str, *, longest: int = 4_096) -> str:
        """A text that must be there; an empty one counts as missing."""
        value = self._values.get(name)
        if value is None or value == "":
            self._errors[name] = [gettext("Fill this in.")]
        elif not isinstance(value, str):
            self._errors[name] = [gettext("This must be a text.")]
        elif len(value) > longest:
            self._errors[name] = [gettext("Use at most %(n)s characters.", n=longest)]
        elif not _is_storable(value):
            self._errors[name] = [gettext("This holds a character that cannot be used.")]
        else:
            return value
        return ""

    def flag(self, name: str) -> bool:
        """A boolean; false when it is left out."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            self._errors[name] = [gettext("This must be true or false.")]
            return False
        return value

    def texts(self, name: str, *, most: int = 1_000) -> list[str] | None:
        """A list of texts; None when it is left out or null."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._errors[name] = [gettext("This must be a list of texts.")]
        elif len(value) > most:
            self._errors[name] = [gettext("Use at most %(n)s entries.", n=most)]
        elif not all(map(_is_storable, value)):
            self._errors[name] = [gettext("This holds a character that cannot be used.")]
        else:
            return value
        return None

    def number(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number; None when it is left out or null."""
        value = self._values.get(name)
        if value is None:
            return None
        if type(value) is not int:
            self._errors[name] = [gettext("This must be a whole number.")]
        elif not least <= value <= most:
            self._errors[name] = [
                gettext("This must be between %(least)s and %(most)s.", least=least, most=most)
            ]
        else:
            return value
        return None

    def has(self, name: str) -> bool:
        """Whether the client named the field, if only with null."""
        return name in self._values

    def checked(self) -> None:
        """Refuse what was wrong.

        :raises Problem: 400 with the messages by field.
        """
        if self._errors:
            raise Problem(
                400, "invalid", gettext("Some fields need a change."), errors=self._errors
            )


def _read(most: int) -> bytes:
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    body = request.stream.read(most + 1)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def _is_storable(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
