"""The extensions, made once and set up for each application in ``create_app``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase

from flask_lback import Lback


class Base(DeclarativeBase):
    """What the models have in common."""


db = SQLAlchemy(model_class=Base)
lback = Lback(db=db)

if TYPE_CHECKING:
    Model = Base  # a type checker cannot see that `db.Model` is a class
else:
    Model = db.Model

__all__ = ["Model", "db", "lback"]
