"""Write to the database in one transaction, and put what goes wrong into words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ..core.state import current_state
from ..core.translation import gettext
from ..exceptions import InvalidFieldsError, LbackError
from .grants import RightsRefused
from .history.denied import note

T = TypeVar("T")


class NotSavedError(LbackError):
    """Nothing was changed.

    :ivar errors: messages by field; those of the whole record under ``None``.
    """

    def __init__(self, errors: dict[str | None, list[str]]) -> None:
        super().__init__("; ".join(text for texts in errors.values() for text in texts))
        self.errors = errors


def committed(work: Callable[[], T]) -> T:
    """Run and commit.

    :raises NotSavedError: it could not be; everything is as it was.
    """
    session = current_state()[SQLAlchemy].session
    try:
        result = work()
        session.commit()
    except Exception as error:
        session.rollback()
        errors = _spoken(error)
        if errors is None:
            raise
        raise NotSavedError(errors) from error
    return result


def _spoken(error: Exception) -> dict[str | None, list[str]] | None:
    """What people are told; None for what is a fault of the code."""
    if isinstance(error, InvalidFieldsError):
        return dict(error.errors.items())
    if isinstance(error, RightsRefused):
        note(error)
        return {None: [str(error.description)]}
    if isinstance(error, IntegrityError):
        current_app.logger.warning("The database refused a change in the admin: %s", error.orig)
        return {
            None: [
                gettext(
                    "The database refused it: a value is missing, is taken, "
                    "or another record needs this one."
                )
            ]
        }
    if isinstance(error, SQLAlchemyError):
        current_app.logger.error("A change in the admin failed", exc_info=error)
        return {None: [gettext("The database did not answer. Nothing is lost: try again.")]}
    return None


def show(form: Any, error: NotSavedError) -> None:
    """Put what went wrong beside the fields of a form."""
    for name, texts in error.errors.items():
        if name is None:
            form.form_errors.extend(texts)
        else:
            form.add_errors({name: texts})
