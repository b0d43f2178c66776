"""Signing in by a password: what the answers tell, and how often somebody may try."""

from __future__ import annotations

from .control import Control, Edit

MANAGERS, THROTTLE = "auth/managers.py", "auth/throttle/service.py"
ADDRESSES, FORMS = "auth/addresses.py", "forms/base.py"
PROVING = "auth/passwords/proving.py"

ANSWERS = (
    Control(
        "a hash is computed for unknown names, too",
        ("LG-1",),
        (
            Edit(
                PROVING,
                "self._hasher.verify(password, stored)\n",
                "stored is not None and self._hasher.verify(password, stored)\n",
            ),
        ),
    ),
    Control(
        "an account that is switched off is told apart after the password",
        ("LG-1",),
        (
            Edit(
                PROVING,
                "        if user is None or not right:\n",
                "        if user is not None and not user.is_active:\n"
                '            raise AuthenticationError("This account is switched off.")\n'
                "        if user is None or not right:\n",
            ),
        ),
    ),
    Control(
        "names that nobody has are counted like the others",
        ("LG-1", "EN-3"),
        (
            Edit(
                THROTTLE,
                "        account, generation = _account(user, identifier)",
                "        if user is None:\n            return Attempt(True)\n"
                "        account, generation = _account(user, identifier)",
            ),
        ),
    ),
    Control(
        "known and unknown addresses are answered alike",
        ("EN-2", "PR-8"),
        (
            Edit(
                MANAGERS,
                "            password_reset_request_failed.emit(",
                "            from ..core.errors import Problem\n"
                '            raise Problem(404, "not_found", "Nobody has this address.")\n'
                "            password_reset_request_failed.emit(",
            ),
        ),
    ),
    Control(
        "the second factor is asked for after the password",
        ("EN-3",),
        (
            Edit(
                PROVING,
                "        if user is None or not right:\n",
                "        if user is not None:\n"
                "            from ...core.state import current_state\n"
                "            from ..entrance import Entrance\n"
                '            current_state()[Entrance].check(user, method="password")\n'
                "        if user is None or not right:\n",
            ),
        ),
    ),
)
ATTEMPTS = (
    Control(
        "attempts are counted by account",
        ("BF-1", "BF-2", "BF-5", "BF-8", "EN-3"),
        (Edit(THROTTLE, "if named and self._has_room(account, generation):", "if True:"),),
    ),
    Control(
        "attempts are counted by network address",
        ("BF-3",),
        (
            Edit(
                THROTTLE,
                '        self._limits.hit(self._settings.password_per_address, "password-address", '
                "caller())\n",
            ),
        ),
    ),
    Control(
        "a known device has a budget of its own",
        ("BF-4",),
        (Edit(THROTTLE, "if self._knows_device(user):", "if False:"),),
    ),
    Control(
        "a new password forgives the account",
        ("BF-4", "BF-7"),
        (
            Edit(
                THROTTLE,
                "        generation = self._generation(user)\n",
                "        return\n",
            ),
        ),
    ),
    Control(
        "a right password forgives the account and not the network address",
        ("BF-7",),
        (
            Edit(
                THROTTLE,
                "caller())\n        self.forgive(user)\n",
                "caller())\n        self.forgive(user)\n"
                "        limit = self._settings.password_per_address\n"
                '        self._limits.clear(limit, "password-address", caller())\n',
            ),
        ),
    ),
    Control(
        "a password that comes with every request forgives the account nothing",
        ("BF-7",),
        (
            Edit(
                PROVING,
                "self._throttle.accept_again(attempt)",
                "self._throttle.accept(user)",
            ),
        ),
    ),
    Control(
        "a right password that comes with every request is no attempt",
        ("BF-7",),
        (
            Edit(
                THROTTLE,
                "            self._limits.give_back(self._settings.password_per_account, *key)\n",
                "            pass\n",
            ),
        ),
    ),
    Control(
        "one address uses up half of an account's budget",
        ("BF-4",),
        (
            Edit(
                THROTTLE,
                "self._settings.password_per_account_and_address, *here",
                '"1000 per minute", *here',
            ),
        ),
    ),
    Control(
        "an attempt is counted in one step, before anything is hashed",
        ("BF-8",),
        (
            Edit(
                "limits/service.py",
                'self._call("hit", item, key) for item',
                'self._call("test", item, key) and (time.sleep(0.05), self._call("hit", item, key))'
                " for item",
            ),
        ),
    ),
    Control(
        "mailed tokens that are wrong are counted",
        ("BF-9",),
        (
            Edit(MANAGERS, "            self._limits.hit(limit, *key)\n", "            pass\n"),
            Edit(ADDRESSES, "            self._limits.hit(limit, *key)\n", "            pass\n"),
        ),
    ),
    Control(
        "a mailed token is signed with 256 bits",
        ("BF-9",),
        (
            Edit(
                "auth/signing.py",
                "    def get_timestamp(self) -> int:",
                "    def get_signature(self, value):\n"
                "        return super().get_signature(value)[:11]\n\n"
                "    def verify_signature(self, value, sig):\n"
                "        return self.get_signature(value) == sig\n\n"
                "    def get_timestamp(self) -> int:",
            ),
        ),
    ),
)
INPUT = (
    Control(
        "a form is read from the body alone",
        ("LG-2",),
        (
            Edit(
                FORMS,
                '    """A form that can take errors from the rules behind it."""\n',
                "    class Meta(FlaskForm.Meta):\n"
                "        def wrap_formdata(self, form, formdata):\n"
                "            from flask import request\n"
                "            found = super().wrap_formdata(form, formdata)\n"
                "            return request.values if found is request.form else found\n",
            ),
        ),
    ),
    Control(
        "an older hash is replaced",
        ("LG-3",),
        (
            Edit(
                PROVING,
                "if self._hasher.needs_rehash(user.password_hash):",
                "if False:",
            ),
        ),
    ),
    Control(
        "hashes of older kinds are read",
        ("LG-3",),
        (Edit("auth/passwords/hasher.py", "return matches(password, stored)", "return False"),),
    ),
    Control(
        "a password that is far too long is refused unread",
        ("LG-4",),
        (
            Edit("auth/fields.py", "[required(), at_most(PASSWORD_INPUT)]", "[required()]"),
            Edit("api/documents.py", "elif len(value) > longest:", "elif False:"),
        ),
    ),
)
CONTROLS = (*ANSWERS, *ATTEMPTS, *INPUT)
