"""Signals of the accounts."""

from __future__ import annotations

from ..core.signals import declare
from .api_tokens import signals as _api_tokens  # noqa: F401 - each part declares its own
from .devices import signals as _devices  # noqa: F401
from .invitations import signals as _invitations  # noqa: F401
from .magic_links import signals as _magic_links  # noqa: F401
from .oauth import signals as _oauth  # noqa: F401
from .passkeys import signals as _passkeys  # noqa: F401
from .personal_data import signals as _personal_data  # noqa: F401
from .two_factor import signals as _two_factor  # noqa: F401

_MANAGER = "the UserManager"
_SESSIONS = "the SessionManager"

user_registration_started = declare(
    "user_registration_started",
    "Somebody asks for an account; nothing is checked yet.",
    sender=_MANAGER,
    username="what was asked for, or None",
    email="what was asked for, or None",
)
user_pre_register = declare(
    "user_pre_register",
    "A registration has passed every check, and its account is about to be made.",
    sender="the Registration",
    username="the name as it will be stored, or None",
    email="the address as it will be stored, or None",
)
user_registered = declare(
    "user_registered",
    "An account was made by its owner and committed.",
    sender="the Registration, the Invitations or the OAuthAccounts",
    user="the account",
)
user_registration_failed = declare(
    "user_registration_failed",
    "A registration made no account.",
    sender="the Registration",
    username="what was asked for, or None",
    email="what was asked for, or None",
    error_type="`duplicate`",
)
user_email_verification_initiated = declare(
    "user_email_verification_initiated",
    "A mail asks the owner of an account to confirm the address.",
    sender="the AccountMails",
    user="the account",
)
user_email_verified = declare(
    "user_email_verified",
    "The owner of an address has shown that it is theirs.",
    sender=_MANAGER,
    user="the account",
)
user_email_verification_successful = declare(
    "user_email_verification_successful",
    "A verification link was used; sent together with user_email_verified.",
    sender=_MANAGER,
    user="the account",
)
user_email_verification_failed = declare(
    "user_email_verification_failed",
    "A verification link could not be used.",
    sender=_MANAGER,
    error_type="`invalid_token` or `token_expired`",
)
user_email_change_requested = declare(
    "user_email_change_requested",
    "The owner of an account wants another address; nothing has changed yet.",
    sender="the Addresses",
    user="the account",
    email="the address asked for",
)
user_email_changed = declare(
    "user_email_changed",
    "An account has another, confirmed address; every other session has ended.",
    sender="the Addresses",
    user="the account",
    old_email="the address that it had",
    email="the address that it has",
)
user_updated = declare(
    "user_updated",
    "An account was changed: its profile by its owner, or any column by the UserManager.",
    sender="the Profiles or the UserManager",
    user="the account",
    fields="the names of what was changed",
)
user_reauthenticated = declare(
    "user_reauthenticated",
    "Somebody who is signed in has proved again who they are.",
    sender=_SESSIONS,
    user="the account",
    method="how, such as `password`",
)
user_authentication_started = declare(
    "user_authentication_started",
    "A name and a password are about to be checked.",
    sender=_MANAGER,
    username="what was typed as the name",
)
user_authenticated = declare(
    "user_authenticated",
    "A name and a password were right.",
    sender=_MANAGER,
    user="the account",
)
user_authentication_failed = declare(
    "user_authentication_failed",
    "A name and a password were not accepted.",
    sender=_MANAGER,
    username="what was typed as the name",
    user="the account, or None",
    reason="`user_not_found`, `incorrect_password`, `user_inactive`, `email_not_verified` or "
    "`too_many_attempts`",
)
user_login_successful = declare(
    "user_login_successful",
    "A login has its session row; sent together with user_logged_in, under Lback's name.",
    sender=_SESSIONS,
    request="the request",
    user="the account",
)
user_login_failed = declare(
    "user_login_failed",
    "Somebody tried to sign in and could not.",
    sender=_MANAGER,
    request="the request",
    username="what was typed as the name",
    reason="as in user_authentication_failed",
)
user_logged_in = declare(
    "user_logged_in",
    "A login has its session row.",
    sender=_SESSIONS,
    request="the request",
    user="the account",
    session="the session row",
)
user_logged_out = declare(
    "user_logged_out",
    "Somebody signed out.",
    sender=_SESSIONS,
    request="the request",
    user="the account",
)
session_created = declare(
    "session_created",
    "A session row was made.",
    sender=_SESSIONS,
    session="the session row",
    user="the account",
)
session_cleanup_started = declare(
    "session_cleanup_started",
    "Rows of logins that are over are about to be removed.",
    sender="the state of the application",
)
session_cleanup_finished = declare(
    "session_cleanup_finished",
    "Rows of logins that are over were removed.",
    sender="the state of the application",
    removed_count="how many sessions",
)
session_rotated = declare(
    "session_rotated",
    "A session has a new id, in a new cookie; the old one opens nothing.",
    sender=_SESSIONS,
    session="the session row",
    user="the account",
)
sessions_ended = declare(
    "sessions_ended",
    "Sessions of an account were ended.",
    sender=_SESSIONS,
    user="the account",
    count="how many",
)
user_password_set = declare(
    "user_password_set",
    "An account has a new password, by change, reset or command.",
    sender="the Accounts",
    user="the account",
)
password_reset_request_started = declare(
    "password_reset_request_started",
    "Somebody asks for a reset mail; nothing is looked up yet.",
    sender=_MANAGER,
    email="the address asked for",
)
password_reset_started = declare(
    "password_reset_started",
    "A reset link came with a new password; it is not read yet.",
    sender=_MANAGER,
)
password_reset_request_processed = declare(
    "password_reset_request_processed",
    "A reset mail is on its way.",
    sender=_MANAGER,
    email="the address asked for",
    user="the account",
)
password_reset_request_failed = declare(
    "password_reset_request_failed",
    "A reset was asked for an address without a usable account.",
    sender=_MANAGER,
    email="the address asked for",
    error_type="`user_not_found`",
)
password_reset_successful = declare(
    "password_reset_successful",
    "A password was chosen through a mailed link; every session has ended.",
    sender=_MANAGER,
    user="the account",
)
password_reset_failed = declare(
    "password_reset_failed",
    "A reset link could not be used.",
    sender=_MANAGER,
    error_type="`invalid_token`",
)
user_locked_out = declare(
    "user_locked_out",
    "An account takes no more passwords for a while; sent in the background, not at every refusal.",
    sender="the Lockouts",
    user="the account",
)
user_deactivated = declare(
    "user_deactivated",
    "An account was switched off; every session has ended.",
    sender="the Accounts",
    user="the account",
)
user_activated = declare(
    "user_activated", "An account was switched on.", sender="the Accounts", user="the account"
)
jwt_access_token_created = declare(
    "jwt_access_token_created",
    "An access token was issued. The token itself is not passed on.",
    sender="the AccessTokens",
    payload="the claims",
)
jwt_refresh_token_created = declare(
    "jwt_refresh_token_created",
    "A refresh token was issued. The token itself is not passed on.",
    sender="the RefreshTokens",
    payload="a dict of its `family`, `generation`, `session_id` and `expires_at`",
)
jwt_token_decoded = declare(
    "jwt_token_decoded",
    "An access token was read and believed. The token itself is not passed on.",
    sender="the AccessTokens",
    payload="the claims",
)
jwt_decode_failed = declare(
    "jwt_decode_failed",
    "An access token was refused.",
    sender="the AccessTokens",
    error_type="the kind of error, such as `expired`",
)
refresh_token_reused = declare(
    "refresh_token_reused",
    "A refresh token came again after its grace; its family is revoked.",
    sender="the RefreshTokens",
    user="the account",
    family="the family",
)
_ROW = {"sender": "the user class", "user": "the account"}
_CHANGES = {**_ROW, "fields": "the names of the columns that change"}
_IN_A_FLUSH = "; within a flush, so use the session in no receiver."

user_pre_create = declare(
    "user_pre_create", f"The row of an account is about to be made{_IN_A_FLUSH}", **_ROW
)
user_post_create = declare(
    "user_post_create", f"The row of an account was made{_IN_A_FLUSH}", **_ROW
)
user_pre_update = declare(
    "user_pre_update", f"The row of an account is about to change{_IN_A_FLUSH}", **_CHANGES
)
user_post_update = declare(
    "user_post_update", f"The row of an account has changed{_IN_A_FLUSH}", **_CHANGES
)
user_pre_delete = declare(
    "user_pre_delete", f"The row of an account is about to be deleted{_IN_A_FLUSH}", **_ROW
)
user_post_delete = declare(
    "user_post_delete", f"The row of an account was deleted{_IN_A_FLUSH}", **_ROW
)
