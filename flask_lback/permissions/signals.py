"""Signals of permission checks, with the arguments that Lback documents."""

from __future__ import annotations

from ..core.signals import declare

_COMMON = {
    "request": "the request",
    "required_permissions": "the set of names that are asked for",
    "user": "the present account",
    "view_func_name": "the name of the view",
}

permission_check_started = declare(
    "permission_check_started",
    "A view with a permission decorator was asked for.",
    sender="the PermissionRequired",
    **_COMMON,
)
permission_check_succeeded = declare(
    "permission_check_succeeded",
    "The account may see the view.",
    sender="the PermissionRequired",
    **_COMMON,
)
permission_check_failed = declare(
    "permission_check_failed",
    "The account may not see the view.",
    sender="the PermissionRequired",
    reason="`user_not_authenticated`, `permission_missing` or `invalid_permission`",
    **_COMMON,
)
