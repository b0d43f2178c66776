"""Views that need a right. Nothing but a plain yes passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from flask import abort, current_app, request
from werkzeug.exceptions import HTTPException

from ..auth.current import present_login, resolve
from ..auth.denials import refuse_anonymous, refuse_forbidden
from ..auth.guarding import Guard
from ..auth.rights import rights_of
from ..exceptions import ConfigError
from ..typing import PermissionSpec
from .names import as_names, is_wildcard, refusal_of
from .order import remember
from .registry import ANY
from .signals import (
    permission_check_failed,
    permission_check_started,
    permission_check_succeeded,
)

V = TypeVar("V", bound=Callable[..., Any])


class PermissionRequired(Guard):
    """Let a view run for accounts with a permission.

    For functions, ``async`` ones too, and for classes with ``dispatch_request``. Anonymous
    visitors are led to the sign-in page (401 for JSON), others get 403.

    :param spec: a name; several names, all of which are needed; or a function of the request
        that gives either.
    :param obj: asks about one object: a function of the view's own arguments that gives it. When
        it gives None there is no such page. The policy of its model and grants on it count.
    :raises ConfigError: no name is left, or one is not a name.
    """

    #: Whether one of the names is enough.
    any_of: ClassVar[bool] = False

    def __init__(self, *spec: PermissionSpec, obj: Callable[..., Any] | None = None) -> None:
        self._finder = obj
        given: Any = spec[0] if len(spec) == 1 else spec
        self._function = given if callable(given) else None
        self._names = None if callable(given) else as_names(given)
        for one in filter(is_wildcard, spec):
            raise ConfigError(*refusal_of(one))
        if self._function is None and self._names is None:
            raise ConfigError(
                f"{type(self).__name__}({given!r}) names no permission.",
                'Give a name such as "blog.add_post", several, or a function of the request.',
            )

    def __call__(self, view: V) -> V:
        """Decorate a view, or a class with ``dispatch_request``."""
        guarded = super().__call__(view)
        if guarded is not view:
            remember(view, guarded)
        return guarded

    def check(self, view_name: str) -> Any:
        """None when the present account may go on, otherwise the answer.

        :raises Problem: 403, or 401 for JSON.
        """
        user = resolve()
        names = self._asked()
        said = {
            "request": request,
            "required_permissions": set(names or ()),
            "user": user,
            "view_func_name": view_name,
        }
        permission_check_started.emit(self, **said)
        if not user.is_authenticated:
            permission_check_failed.emit(self, reason="user_not_authenticated", **said)
            return refuse_anonymous()
        if names is None:
            permission_check_failed.emit(self, reason="invalid_permission", **said)
            refuse_forbidden()
        if not self._may(user, names):
            permission_check_failed.emit(self, reason="permission_missing", **said)
            refuse_forbidden(self._named(user, names))
        permission_check_succeeded.emit(self, **said)
        return None

    def _asked(self) -> frozenset[str] | None:
        if self._function is None:
            return self._names
        try:
            return as_names(self._function(request._get_current_object()))  # type: ignore[attr-defined]
        except Exception:
            current_app.logger.exception("A permission could not be worked out; access is denied")
            return None

    def _may(self, user: Any, names: frozenset[str]) -> bool:
        """Whether the account holds them; with an object, on that one."""
        if self._finder is None:
            return self._holds(user, names)
        if (obj := self._found()) is None:
            abort(404)
        answers = (rights_of(user).has_on(name, obj) for name in sorted(names))
        return any(answers) if self.any_of else all(answers)

    def _found(self) -> Any:
        """The object that is asked about.

        :raises HTTPException: the function says so, or fails.
        """
        finder: Any = self._finder
        try:
            return current_app.ensure_sync(finder)(**(request.view_args or {}))
        except HTTPException:
            raise
        except Exception:
            current_app.logger.exception("An object could not be found; access is denied")
            refuse_forbidden()

    def _holds(self, user: Any, names: frozenset[str]) -> bool:
        rights = rights_of(user)
        return rights.has_any(names) if self.any_of else rights.has_all(names)

    def _named(self, user: Any, names: frozenset[str]) -> str:
        missing = sorted(name for name in names if not rights_of(user).has(name)) or sorted(names)
        return " or ".join(missing) if self.any_of else missing[0]


class AnyPermissionRequired(PermissionRequired):
    """As :class:`PermissionRequired`, but one of the names is enough."""

    any_of = True


class GroupRequired(PermissionRequired):
    """Let a view run for members of a group; superusers pass."""

    def _holds(self, user: Any, names: frozenset[str]) -> bool:
        if _is_narrowed():
            return False
        rights = rights_of(user)
        return bool(getattr(user, "is_superuser", False)) or all(map(rights.in_group, names))

    def _named(self, user: Any, names: frozenset[str]) -> str:
        return ", ".join(sorted(names))


class FlagRequired(PermissionRequired):
    """Let a view run for accounts with a flag, such as ``is_staff``."""

    def _holds(self, user: Any, names: frozenset[str]) -> bool:
        if _is_narrowed() or not user.is_active:
            return False
        return all(getattr(user, name, False) is True for name in names)


def _is_narrowed() -> bool:
    """Whether the login has scopes: they name permissions, and so open nothing else."""
    login = present_login()
    return login is not None and login.scopes is not None


def permission_required(
    *spec: PermissionSpec, obj: Callable[..., Any] | None = None
) -> PermissionRequired:
    """:class:`PermissionRequired` under Django's name."""
    return PermissionRequired(*spec, obj=obj)


def require_permission(*spec: PermissionSpec, obj: Any = ANY) -> None:
    """The same question inside a view: go on, or answer 403, or lead to the sign-in page.

    :param obj: asks about this object; None, because none was found, answers 404.
    :raises HTTPException: the present account may not go on.
    """
    finder = None if obj is ANY else lambda **values: obj
    refusal = PermissionRequired(*spec, obj=finder).check(request.endpoint or "")
    if refusal is not None:
        abort(current_app.make_response(refusal))


def any_permission_required(
    *names: str, obj: Callable[..., Any] | None = None
) -> PermissionRequired:
    """One of these permissions is enough."""
    return AnyPermissionRequired(*names, obj=obj)


def group_required(*names: str) -> PermissionRequired:
    """Membership in every one of these groups is needed."""
    return GroupRequired(*names)


def superuser_required(view: V) -> V:
    """Only superusers."""
    return FlagRequired("is_superuser")(view)


def staff_member_required(view: V) -> V:
    """Only accounts that may use the admin panel."""
    return FlagRequired("is_staff")(view)
