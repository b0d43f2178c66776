"""Who are you: users, groups, permissions and sessions as models; signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names

if TYPE_CHECKING:
    from .current import current_user as current_user
    from .current import login_required as login_required
    from .current import login_user as login_user
    from .current import logout_user as logout_user
    from .freshness import fresh_login_required as fresh_login_required
    from .lback.admin_users import AdminUserManager as AdminUserManager
    from .managers import UserManager as UserManager
    from .mechanisms import auth_required as auth_required
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
    from .sessions.service import SessionManager as SessionManager
    from .shortcuts import authenticate as authenticate
    from .shortcuts import login as login
    from .shortcuts import logout as logout
    from .shortcuts import update_session_auth_hash as update_session_auth_hash
    from .users.forms import UserCreationForm as UserCreationForm
    from .users.objects import BaseUserManager as BaseUserManager

_HOMES = {
    "AbstractBaseUser": ".models",
    "AbstractEmailUser": ".models",
    "AbstractUser": ".models",
    "AdminUserManager": ".lback.admin_users",
    "AnonymousUser": ".models",
    "BaseUserManager": ".users.objects",
    "EmailMixin": ".models",
    "NamesMixin": ".models",
    "PermissionsMixin": ".models",
    "SessionManager": ".sessions.service",
    "UserCreationForm": ".users.forms",
    "UserManager": ".managers",
    "UsernameMixin": ".models",
    "auth_required": ".mechanisms",
    "authenticate": ".shortcuts",
    "current_user": ".current",
    "fresh_login_required": ".freshness",
    "get_models": ".reaching",
    "get_user_model": ".reaching",
    "login": ".shortcuts",
    "login_required": ".current",
    "login_user": ".current",
    "logout": ".shortcuts",
    "logout_user": ".current",
    "update_session_auth_hash": ".shortcuts",
}
__all__ = [
    "AbstractBaseUser",
    "AbstractEmailUser",
    "AbstractUser",
    "AdminUserManager",
    "AnonymousUser",
    "BaseUserManager",
    "EmailMixin",
    "NamesMixin",
    "PermissionsMixin",
    "SessionManager",
    "UserCreationForm",
    "UserManager",
    "UsernameMixin",
    "auth_required",
    "authenticate",
    "current_user",
    "fresh_login_required",
    "get_models",
    "get_user_model",
    "login",
    "login_required",
    "login_user",
    "logout",
    "logout_user",
    "update_session_auth_hash",
]

__getattr__ = names(__name__, _HOMES)
