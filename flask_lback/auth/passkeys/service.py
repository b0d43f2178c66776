"""Passkeys: added, renamed, removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.exceptions import NotFound

from ...core.pages import site_name
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ..sessions.standing import hold_login
from . import proofs
from .ceremonies import REGISTER
from .forms import clean_name
from .proving import PasskeyProofs
from .refusals import Refusal
from .signals import passkey_added, passkey_removed

_ONCE = "1 per 10 minutes"


class Passkeys(PasskeyProofs):
    """The passkeys of one application. What changes anything commits."""

    def of(self, user: Any) -> Sequence[Any]:
        """The passkeys of an account, oldest first."""
        return self._rows.of(user)

    def has_any(self, user: Any) -> bool:
        """Whether an account has one."""
        return self._rows.has_any(user)

    def get(self, user: Any, key: int) -> Any | None:
        """One passkey of this account, and of no other."""
        return self._rows.get(user, key)

    def begin_adding(self, user: Any, *, browser: str) -> dict[str, Any]:
        """What a browser needs to make a passkey: ``publicKey``, and ``ceremony`` to send back.

        :param browser: a secret word of this browser; empty for clients without cookies.
        :raises Problem: 409, passkeys cannot be used at the address of this request.
        """
        from webauthn.helpers import bytes_to_base64url, generate_user_handle

        party, present = self._party_of_page(), self._rows.of(user)
        handle = present[0].user_handle if present else bytes_to_base64url(generate_user_handle())
        ceremony, text = self._ceremonies.begin(
            REGISTER, subject=user.get_id(), browser=browser, handle=handle
        )
        name = user.get_username()
        full_name = getattr(user, "get_full_name", str)() or name
        options = proofs.creation_options(
            party,
            ceremony,
            site=site_name(self._app),
            account=(name, full_name),
            present=present,
        )
        return {"publicKey": options, "ceremony": text}

    def add(
        self,
        user: Any,
        answer: str,
        ceremony: str,
        *,
        browser: str,
        name: str = "",
        but: int | None = None,
    ) -> Any:
        """Keep the passkey that a device has made, commit, and tell the owner.

        It opens the account from now on: every other session ends (ASVS 7.4.3).

        :param answer: what the browser gave, as JSON (RegistrationResponseJSON).
        :param ceremony: the text of :meth:`begin_adding`.
        :param but: the session that stays.
        :raises PasskeyError: it is not accepted.
        :raises InvalidFieldsError: the name cannot be used.
        :raises Problem: 429, too many attempts; 401, the present login has ended meanwhile.
        """
        self._hit()
        name = clean_name(name)
        try:
            begun = self._ceremonies.read(
                REGISTER, ceremony, subject=user.get_id(), browser=browser
            )
            made = proofs.read_registration(self._party_of_answer(), begun, answer)
            if not self._limits.allows(_ONCE, "passkey-registration", begun.digest):
                raise Refusal("replayed")
            hold_login(user)
            most = self._settings.most_per_account
            passkey = self._rows.insert(user, made, begun, name=name, most=most)
        except Refusal as refusal:
            self._refuse(refusal, user)
        self._audit.record("auth.passkey_added", user, passkey=passkey.name)
        self._sessions.end_all(user, but=but)
        self._db.session.commit()
        self._mails.added(user, passkey.name)
        passkey_added.emit(self, user=user, passkey=passkey)
        return passkey

    def rename(self, passkey: Any, name: str) -> None:
        """Call a passkey something else, and commit.

        :raises InvalidFieldsError: the name cannot be used.
        """
        name = clean_name(name)
        if not name:
            raise InvalidFieldsError({"name": [gettext("Fill this in.")]})
        passkey.name = name
        self._db.session.commit()

    def remove(self, user: Any, passkey: Any, *, but: int | None = None) -> None:
        """Take a passkey away, commit, and tell the owner; every other session ends.

        :param but: the session that stays.
        :raises InvalidFieldsError: it is the last way into an account without a password.
        :raises Problem: 401, the present login has ended meanwhile.
        """
        name = passkey.name
        hold_login(user)
        if not self._rows.others(user, passkey) and self._needs_passkey(user):
            self._db.session.rollback()
            raise InvalidFieldsError(
                {
                    "passkey": [
                        gettext(
                            "This passkey is the only way into your account. Choose a password, "
                            "or add another passkey, first."
                        )
                    ]
                }
            )
        if removed := self._rows.delete(passkey):
            self._audit.record("auth.passkey_removed", user, passkey=name)
            self._sessions.end_all(user, but=but)
        self._db.session.commit()
        if removed:
            self._mails.removed(user, name)
            passkey_removed.emit(self, user=user, passkey_name=name)

    def _needs_passkey(self, user: Any) -> bool:
        """Whether nothing but a passkey opens the account."""
        if user.has_usable_password() or not self.sign_in_allowed:
            return False
        return not self._rows.has_linked_account(user)


def present_passkeys() -> Passkeys:
    """The service of the application that handles this request.

    :raises NotFound: passkeys are off.
    """
    service = current_state().get(Passkeys)
    if service is None:
        raise NotFound
    return service
