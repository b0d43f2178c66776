"""Everything that flask_lback raises on purpose, in one tree under :class:`LbackError`."""

from __future__ import annotations


class LbackError(Exception):
    """Root of the tree. ``str(error)`` names the cause; :attr:`hint` names the remedy."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        #: What to do about it, one or two short sentences; may be empty.
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class ConfigError(LbackError):
    """A setting, a model or the way the extension is put together is wrong.

    Raised while an application is set up, before anything of it has been changed.
    """


class NotInstalledError(LbackError):
    """Something of Lback was asked for outside an application that has it."""


class MissingExtraError(LbackError, ImportError):
    """An optional dependency is not installed; the hint is the install command."""


class UnknownNameError(LbackError, LookupError):
    """A signal, feature, permission or check of that name does not exist."""


class TokenError(LbackError):
    """A mailed link or an API token cannot be used.

    :attr:`code` is one of ``invalid_token``, ``token_expired`` and ``token_reused``; people are
    told the same thing for all of them.
    """

    def __init__(self, message: str, code: str = "invalid_token") -> None:
        super().__init__(message)
        self.code = code


class CommandError(LbackError):
    """A command cannot do what it was asked to; the command line ends with status 1."""


class AuthenticationError(LbackError):
    """A name and a password, or a token, open nothing.

    :attr:`code` is ``invalid_credentials``, or ``email_not_verified`` after a right password.
    """

    def __init__(self, message: str, code: str = "invalid_credentials") -> None:
        super().__init__(message)
        self.code = code


class InvalidFieldsError(LbackError):
    """Values that cannot be accepted: :attr:`errors` holds messages by field name."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {', '.join(all_)}" for name, all_ in errors.items()))
        self.errors = errors
