"""Policies: rules about single objects of a model, and which rows a query may give.

A policy is a class of the application. Each public method is the rule of an action, and
``scope`` says the same of a whole query::

    @lback.permissions.policy(Post)
    class PostPolicy:
        def change(self, user, post):
            return post.author_id == user.id

        def scope(self, select, user, action):
            return select.where(Post.author_id == user.id)

A rule has the last word for its action: a permission that the account holds counts where the rule
asks for it. Only a grant on the object itself (:mod:`~flask_lback.permissions.objects`) stands
beside it. Whatever goes wrong within a policy is logged, and means no.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import current_app
from flask_sqlalchemy import SQLAlchemy

from ..auth.rights import rights_of
from ..exceptions import ConfigError, LbackError
from .keys import itself, key_column
from .names import action_of, belongs_to, is_name, permission_name
from .objects import ObjectGrants

P = TypeVar("P", bound=type[Any])
#: The method that narrows queries.
SCOPE = "scope"
#: Actions on what is not stored yet: no query can tell.
_BEFORE_STORING = ("add",)


class DeclaredPolicies:
    """The policies of a ``Lback``, by model."""

    def __init__(self) -> None:
        self._policies: dict[type[Any], Any] = {}

    def declare(self, models: tuple[type[Any], ...], kind: type[Any]) -> None:
        """Keep an object of a policy class for these models.

        :raises ConfigError: it is no policy, or one of them has another one already.
        """
        if not models or not all(hasattr(model, "__mapper__") for model in models):
            raise ConfigError(
                f"{kind.__name__} is declared for {models!r}, which is no mapped model.",
                "Use @lback.permissions.policy(Post).",
            )
        _refuse_bad(kind)
        for model in models:
            if model in self._policies:
                raise ConfigError(
                    f"{model.__name__} has the policy {type(self._policies[model]).__name__}.",
                    f"Put the rules of {kind.__name__} into that one.",
                )
        try:
            policy = kind()
        except TypeError as error:
            raise ConfigError(
                f"{kind.__name__} cannot be made: {error}.", "A policy is made without arguments."
            ) from error
        self._policies.update(dict.fromkeys(models, policy))

    def of(self, model: type[Any]) -> Any:
        """The policy of a model, or of the nearest class that it extends; None without one."""
        for kind in model.__mro__:
            if kind in self._policies:
                return self._policies[kind]
        return None

    def items(self) -> list[tuple[type[Any], Any]]:
        """Every model that has a policy of its own, with it."""
        return list(self._policies.items())


class Policies:
    """Decides about objects and narrows queries, for the accounts of one application.

    :param declared: what was declared on the ``Lback``.
    :param grants: rights on single objects.
    :param db: what the rows are read with.
    """

    def __init__(self, declared: DeclaredPolicies, grants: ObjectGrants, db: SQLAlchemy) -> None:
        self._declared = declared
        self._grants = grants
        self._db = db

    def has(self, model: type[Any]) -> bool:
        """Whether a model, or a class that it extends, has a policy."""
        return self._declared.of(model) is not None

    def has_rule(self, model: type[Any], name: str) -> bool:
        """Whether a policy decides about single objects of a model for this permission."""
        policy = self._declared.of(model)
        return policy is not None and _rule_for(policy, name, model) is not None

    def allows(self, user: Any, name: str, obj: Any) -> bool:
        """Whether an account may do something with one object.

        Nobody may who is not signed in, whose account is off, or whose token is narrowed to other
        permissions. A superuser may, unless the policy says ``binds_superusers = True``.
        Otherwise the rule of the policy decides; where it has none, the account needs the
        permission, and the object must be in its ``scope``. A grant on the object is enough, too.

        :param name: a permission, or an action such as ``change``.
        """
        user, obj = itself(user), itself(obj)
        model: type[Any] = type(obj)
        if not hasattr(model, "__mapper__") or not is_name(name) or not user.is_authenticated:
            return False
        name = name if "." in name else permission_name(model, name)
        rights = rights_of(user)
        if not rights.admits(name):
            return False
        policy = self._declared.of(model)
        if rights.passes(name) and not _binds_superusers(policy):
            return True
        may = rights.has(name) if policy is None else self._follows(policy, user, name, obj)
        return may or self._grants.covers(user, name, obj)

    def scope(
        self, statement: sa.Select[Any], model: type[Any], user: Any, action: str
    ) -> sa.Select[Any]:
        """Leave the rows in a query with which the account may do something.

        Without a policy: all of them for those who hold the permission, those granted one by one
        for anybody else. It is one statement, whatever the number of rows.

        :param statement: selects the model itself, or its columns; no alias of it.
        :param action: the name of a permission: it is needed where the policy has no rule for it.
            Or ``view``, ``change``, ``delete``, or another action that the policy knows, from
            somebody who has asked for the permission.
        :raises LbackError: the statement does not select the model.
        """
        _refuse_other_tables(statement, model)
        user = itself(user)
        name = action if "." in action else permission_name(model, action)
        if not is_name(name):  # MariaDB takes a name with spaces after it for the same
            return statement.where(sa.false())
        if not user.is_authenticated or not (rights := rights_of(user)).admits(name):
            return statement.where(sa.false())
        policy = self._declared.of(model)
        if rights.passes(name) and not _binds_superusers(policy):
            return statement
        if policy is None:
            if rights.has(name):
                return statement
            return statement.where(self._grants.condition(user, name, model))
        what = action_of(name, model)
        if name == action and _rule_for(policy, name, model) is None and not rights.has(name):
            return statement.where(self._grants.condition(user, name, model))
        if not self._grants.may_cover(user, name, model):
            return _narrowed(policy, statement, user, what)
        key = key_column(model)
        rows = _narrowed(policy, sa.select(model), user, what).with_only_columns(key)
        return statement.where(key.in_(rows) | self._grants.condition(user, name, model))

    def _follows(self, policy: Any, user: Any, name: str, obj: Any) -> bool:
        """What the policy says of an object: by its rule, else by its scope."""
        action, rule = action_of(name, type(obj)), _rule_for(policy, name, type(obj))
        if rule is not None:
            return _answer(policy, action, rule, user, obj)
        if not rights_of(user).has(name):
            return False
        return action in _BEFORE_STORING or self._is_in_scope(policy, user, action, obj)

    def _is_in_scope(self, policy: Any, user: Any, action: str, obj: Any) -> bool:
        model = type(obj)
        identity = sa.inspect(obj).identity
        if identity is None:
            return False
        columns = sa.inspect(model).primary_key
        found = _narrowed(policy, sa.select(model), user, action)
        for column, value in zip(columns, identity, strict=True):
            found = found.where(column == value)
        session = self._db.session
        with session.no_autoflush:  # as it is stored, not as this request is about to change it
            return session.execute(found.with_only_columns(sa.literal(1))).first() is not None


def rules_of(kind: type[Any]) -> list[str]:
    """The actions that a policy class has a rule for."""
    return [
        name
        for name, _ in inspect.getmembers(kind, callable)
        if not name.startswith("_") and name != SCOPE
    ]


def _refuse_bad(kind: type[Any]) -> None:
    rules = rules_of(kind)
    if not rules and not hasattr(kind, SCOPE):
        raise ConfigError(
            f"{kind.__name__} has no rule.", "Give it methods such as view(self, user, obj)."
        )
    if not callable(getattr(kind, SCOPE, None)):
        raise ConfigError(
            f"{kind.__name__} has rules for objects and no scope: a list could show what "
            f"{rules[0] if rules else 'a rule'} refuses.",
            "Add scope(self, select, user, action), which returns the narrowed select.",
        )
    for name in (*rules, SCOPE):
        if inspect.iscoroutinefunction(getattr(kind, name)):
            raise ConfigError(
                f"{kind.__name__}.{name} is async, and a check does not wait.",
                "Write it as a plain method.",
            )


def _rule_for(policy: Any, name: str, model: type[Any]) -> Callable[[Any, Any], object] | None:
    action = action_of(name, model)
    if not belongs_to(name, model) or action.startswith("_") or action == SCOPE:
        return None
    rule = getattr(policy, action, None)
    return rule if callable(rule) else None


def _answer(
    policy: Any, action: str, rule: Callable[[Any, Any], object], user: Any, obj: Any
) -> bool:
    where = f"{type(policy).__name__}.{action}"
    try:
        said = rule(user, obj)
    except Exception:
        current_app.logger.exception("%s failed; access is denied", where)
        return False
    if said is not True and said:
        current_app.logger.error("%s gave %r, not True; access is denied", where, type(said))
    return said is True


def _narrowed(policy: Any, statement: sa.Select[Any], user: Any, action: str) -> sa.Select[Any]:
    """The statement as the policy narrows it; no rows where it fails, or gives something else."""
    where = f"{type(policy).__name__}.{SCOPE}"
    try:
        narrowed = policy.scope(statement, user, action)
    except Exception:
        current_app.logger.exception("%s failed; no row is shown", where)
        return statement.where(sa.false())
    if isinstance(narrowed, sa.Select):
        return narrowed
    if narrowed is not None:  # None: it does not know the action
        current_app.logger.error("%s gave %r, no select; no row is shown", where, type(narrowed))
    return statement.where(sa.false())


def _binds_superusers(policy: Any) -> bool:
    return getattr(policy, "binds_superusers", False) is True


def _refuse_other_tables(statement: sa.Select[Any], model: type[Any]) -> None:
    """Refuse a statement in which a condition on the model would narrow nothing."""
    waiting: list[Any] = list(statement.get_final_froms())
    while waiting:
        source = waiting.pop()
        if isinstance(source, sa.Join):
            waiting += [source.left, source.right]
        elif source == model.__table__:
            return
    raise LbackError(
        f"This statement does not select {model.__name__}, so its rows cannot be narrowed.",
        f"Start from select({model.__name__}), without an alias.",
    )
