"""Who are you: users, groups, permissions and sessions as models; signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .login import current_user as current_user
    from .login import login_required as login_required
    from .login import login_user as login_user
    from .login import logout_user as logout_user
    from .managers import UserManager as UserManager
    from .models import AbstractBaseUser as AbstractBaseUser
    from .models import AbstractEmailUser as AbstractEmailUser
    from .models import AbstractUser as AbstractUser
    from .models import AnonymousUser as AnonymousUser
    from .models import EmailMixin as EmailMixin
    from .models import NamesMixin as NamesMixin
    from .models import PermissionsMixin as PermissionsMixin
    from .models import UsernameMixin as UsernameMixin
    from .reaching import get_models as get_models
    from .reaching import get_user_model as get_user_model
    from .sessions import SessionManager as SessionManager

_HOMES = {
    "AbstractBaseUser": ".models",
    "AbstractEmailUser": ".models",
    "AbstractUser": ".models",
    "AnonymousUser": ".models",
    "EmailMixin": ".models",
    "NamesMixin": ".models",
    "PermissionsMixin": ".models",
    "SessionManager": ".sessions",
    "UserManager": ".managers",
    "UsernameMixin": ".models",
    "current_user": ".login",
    "get_models": ".reaching",
    "get_user_model": ".reaching",
    "login_required": ".login",
    "login_user": ".login",
    "logout_user": ".login",
}
__all__ = [
    "AbstractBaseUser",
    "AbstractEmailUser",
    "AbstractUser",
    "AnonymousUser",
    "EmailMixin",
    "NamesMixin",
    "PermissionsMixin",
    "SessionManager",
    "UserManager",
    "UsernameMixin",
    "current_user",
    "get_models",
    "get_user_model",
    "login_required",
    "login_user",
    "logout_user",
]

__getattr__ = names(__name__, _HOMES)
