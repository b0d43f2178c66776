"""Usernames and addresses: their canonical twins, and what a username may be."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from ...core.translation import gettext

USERNAME_LENGTH = 150
EMAIL_LENGTH = 254
_USERNAME = re.compile(r"[\w.+-]+\Z")


def canonical(value: str) -> str:
    """The form in which two names are compared: NFKC, case folded (CVE-2019-19844).

    It is stored beside the name with a unique index, so that no query folds case.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value.strip()).casefold())


def clean_username(value: str) -> str:
    """A username as it is stored.

    :raises ValueError: with the message for the person: forbidden characters, or letters of two
        alphabets, which look alike (UTS 39, single script).
    """
    value = unicodedata.normalize("NFKC", value.strip())
    if not 2 <= len(value) <= USERNAME_LENGTH:
        raise ValueError(gettext("Use 2 to %(n)s characters.", n=USERNAME_LENGTH))
    if not _USERNAME.match(value):
        raise ValueError(gettext("Use letters, digits and the signs . + - _ only."))
    if len(canonical(value)) > USERNAME_LENGTH:  # folding makes two letters of some
        raise ValueError(gettext("Use 2 to %(n)s characters.", n=USERNAME_LENGTH))
    scripts = {_script(char) for char in value if char.isalpha()}
    if len(scripts) > 1:
        raise ValueError(gettext("Use letters of one alphabet only."))
    return value


def clean_email(value: str) -> str:
    """An address as it is stored: checked, its domain in ASCII-safe form, no look-up done.

    :raises ValueError: with the message for the person.
    """
    try:
        email = validate_email(
            value.strip(), check_deliverability=False, test_environment=True
        ).normalized
    except EmailNotValidError as error:
        raise ValueError(gettext("This is not an e-mail address.")) from error
    if len(canonical(email)) > EMAIL_LENGTH:  # one letter may fold to eighteen
        raise ValueError(gettext("This is not an e-mail address."))
    return email


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").split()[0]
