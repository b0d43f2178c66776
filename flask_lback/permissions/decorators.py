"""Views that need a right. Nothing but a plain yes passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from flask import abort, current_app, request

from ..auth.current import present_login, resolve
from ..auth.denials import refuse_anonymous, refuse_forbidden
from ..auth.guarding import Guard
from ..auth.rights import rights_of
from ..exceptions import ConfigError
from ..typing import PermissionSpec
from .names import as_names
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
    :raises ConfigError: no name is left, or one is not a name.
    """

    #: Whether one of the names is enough.
    any_of: ClassVar[bool] = False

    def __init__(self, *spec: PermissionSpec) -> None:
        given: Any = spec[0] if len(spec) == 1 else spec
        self._function = given if callable(given) else None
        self._names = None if callable(given) else as_names(given)
        if self._function is None and self._names is None:
            raise ConfigError(
                f"{type(self).__name__}({given!r}) names no permission.",
                'Give a name such as "blog.add_post", several, or a function of the request.',
            )

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
        if not self._holds(user, names):
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

    def _holds(self, user: Any, names: frozenset[str]) -> bool:
        rights = rights_of(user)
        return rights.has_any(names) if self.any_of else rights.has_all(names)

    def _named(self, user: Any, names: frozenset[str]) -> str:
        missing = sorted(name for name in names if not rights_of(user).has(name))
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


def permission_required(*spec: PermissionSpec) -> PermissionRequired:
    """:class:`PermissionRequired` under Django's name."""
    return PermissionRequired(*spec)


def require_permission(*spec: PermissionSpec) -> None:
    """The same question inside a view: go on, or answer 403, or lead to the sign-in page.

    :raises HTTPException: the present account may not go on.
    """
    refusal = PermissionRequired(*spec).check(request.endpoint or "")
    if refusal is not None:
        abort(current_app.make_response(refusal))


def any_permission_required(*names: str) -> PermissionRequired:
    """One of these permissions is enough."""
    return AnyPermissionRequired(*names)


def group_required(*names: str) -> PermissionRequired:
    """Membership in every one of these groups is needed."""
    return GroupRequired(*names)


def superuser_required(view: V) -> V:
    """Only superusers."""
    return FlagRequired("is_superuser")(view)


def staff_member_required(view: V) -> V:
    """Only accounts that may use the admin panel."""
    return FlagRequired("is_staff")(view)
