"""How the audit log calls a model, and which models it keeps the changes of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapper

from ...auth.models import Models
from ...permissions.names import app_label

#: Of Lback's own models, those that people manage. The others are the machinery of logins.
_MANAGED = ("User", "Group", "Permission", "ObjectPermission")


class Kinds:
    """The models of one application, by the names under which the log has them."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self._own = {
            getattr(models, field.name)
            for field in dataclasses.fields(models)
            if isinstance(getattr(models, field.name), type)
        }
        self._managed = {
            getattr(models, name) for name in _MANAGED if getattr(models, name, None) is not None
        }
        self._user, self._group = models.User, models.Group

    def is_kept(self, model: type[Any]) -> bool:
        """Whether changes of its rows are told."""
        return not self.is_own(model) or issubclass(model, tuple(self._managed))

    def is_own(self, model: type[Any]) -> bool:
        """Whether it is an account, or one of Lback's own models."""
        return issubclass(model, tuple(self._own))

    def holds_rights(self, model: type[Any]) -> bool:
        """Whether its rows are given permissions: accounts and groups."""
        return issubclass(model, (self._user, self._group))

    def name(self, model: type[Any]) -> str:
        """``blog.Post``; Lback's own by the class alone, as the rest of the log has them."""
        if self.is_own(model):
            return model.__name__
        return f"{app_label(model)}.{model.__name__}"

    def names(self, model: type[Any]) -> list[str]:
        """Every name that a row of the model may stand under.

        Rows of one table share their keys: a class, what it extends and what extends it. Events
        that an application records by itself have the name of the class alone.
        """
        mapper = sa.inspect(model)
        family = [one.class_ for one in mapper.base_mapper.self_and_descendants]
        if issubclass(model, self._user):
            family = [*family, *(kind for kind in self._own if issubclass(kind, self._user))]
        names = {self.name(one): None for one in family}
        names |= {one.__name__: None for one in family if self._is_alone(one)}
        return list(names)

    def model(self, kind: str) -> type[Any] | None:
        """The model that has a name in the log, None when none has."""
        found = [one.class_ for one in self.mappers()]
        by_name = next((one for one in found if self.name(one) == kind), None)
        alone = [one for one in found if one.__name__ == kind]
        return by_name or (alone[0] if len(alone) == 1 else None)

    def mappers(self) -> Iterator[Mapper[Any]]:
        """Every class that the application maps, and Lback's own on their registries."""
        model: Any = self._db.Model
        kinds: set[Any] = {model, *self._own}
        for registry in {kind.registry for kind in kinds}:
            yield from registry.mappers

    def _is_alone(self, model: type[Any]) -> bool:
        """Whether no other model has this class name."""
        return [one for one in self.mappers() if one.class_.__name__ == model.__name__] == [
            sa.inspect(model)
        ]
