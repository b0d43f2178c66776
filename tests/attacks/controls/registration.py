"""Registration, and what is done with addresses."""

from __future__ import annotations

from .control import Control, Edit

REGISTRATION, MANAGERS, POLICY = (
    "auth/registration.py",
    "auth/managers.py",
    "auth/passwords/policy.py",
)
LINKS, ADDRESSES, NAMES = "auth/mails/links.py", "auth/addresses.py", "auth/users/names.py"
PASSWORDS, PROVING = "auth/passwords/hasher.py", "auth/passwords/proving.py"
CHIEFS = "auth/users/chiefs.py"
MAILS = "auth/mails/service.py"
IDENTITY = "auth/users/identity.py"
PAGE, JSON = "auth/views/registration.py", "api/accounts/views/registration.py"

KNOWN_ADDRESS = (
    Control(
        "a known address is answered like a new one",
        ("RG-1", "EN-2"),
        (Edit(REGISTRATION, "hidden = self._settings.generic_answers and", "hidden = False and"),),
    ),
    Control(
        "who has an account already is told by mail",
        ("RG-1",),
        (
            Edit(
                REGISTRATION,
                "            self._mails.account_exists(owner)\n",
                "            pass\n",
            ),
        ),
    ),
    Control(
        "a hash is computed for a known address, too",
        ("RG-1",),
        (Edit(REGISTRATION, "            self._hasher.hash(password)\n"),),
    ),
    Control(
        "of two registrations at once the second is told nothing",
        ("RG-5",),
        (Edit(REGISTRATION, "self._lost_race(fields, taken)", "raise"),),
    ),
)
VALUES = (
    Control(
        "names are compared in one form",
        ("RG-3", "BF-5"),
        (Edit(NAMES, ".casefold())", ")"),),
    ),
    Control(
        "a name is of one alphabet",
        ("RG-3",),
        (Edit(NAMES, "if len(scripts) > 1:", "if False:"),),
    ),
    Control(
        "a name that grows when it is folded is measured again",
        ("RG-9",),
        (
            Edit(NAMES, "if len(canonical(value)) > USERNAME_LENGTH:", "if False:"),
            Edit(NAMES, "if len(canonical(email)) > EMAIL_LENGTH:", "if False:"),
        ),
    ),
    Control(
        "an account is made of the fields that the form asks for",
        ("RG-4",),
        (
            Edit(
                "auth/forms.py",
                "if name in self}",
                "if name in self} | {name: True for name in __import__('flask').request.form"
                " if name in ('is_staff', 'is_superuser')}",
            ),
        ),
    ),
    Control(
        "an address is one address, and nothing besides",
        ("RG-6",),
        (
            Edit(
                NAMES,
                'raise ValueError(gettext("This is not an e-mail address.")) from error',
                "email = value",
            ),
        ),
    ),
    Control(
        "a name is of letters, digits and a few signs",
        ("RG-3", "RG-6"),
        (Edit(NAMES, "if not _USERNAME.match(value):", "if False:"),),
    ),
    Control(
        "an address that nobody has confirmed is greeted by no text of a stranger",
        ("RG-6",),
        (Edit(IDENTITY, 'getattr(user, "email_verified_at", None) is not None', "True"),),
    ),
    Control(
        "a new address is greeted by no text of whoever wants it",
        ("RG-6",),
        (
            Edit(
                MAILS,
                "greeting_of(user) if to is None else user.get_username()",
                "greeting_of(user)",
            ),
        ),
    ),
    Control(
        "values have the type that is asked for",
        ("RG-9",),
        (Edit("api/documents.py", "elif not isinstance(value, str):\n", "elif False:\n"),),
    ),
    Control(
        "closed registration is not there",
        ("RG-10",),
        (
            Edit(PAGE, "if not settings.registration:", "if False:"),
            Edit(JSON, "if not settings.registration:", "if False:"),
        ),
    ),
)
NEW_PASSWORDS = (
    Control(
        "a new password is neither short nor known",
        ("RG-7", "PR-13"),
        (Edit(POLICY, "return complaints_of(self.validators, password, user)", "return []"),),
    ),
    Control(
        "a new password has an end",
        ("RG-7",),
        (Edit(POLICY, "if len(password) > most:", "if False:"),),
    ),
    Control(
        "every character of a password counts",
        ("RG-7",),
        (
            Edit(PASSWORDS, "self._argon2.hash(password)", "self._argon2.hash(password[:72])"),
            Edit(
                PASSWORDS, "self._compare(password, stored)", "self._compare(password[:72], stored)"
            ),
        ),
    ),
    Control(
        "spaces of a password count",
        ("RG-7",),
        (
            Edit(PASSWORDS, "self._argon2.hash(password)", "self._argon2.hash(password.strip())"),
            Edit(
                PASSWORDS,
                "self._compare(password, stored)",
                "self._compare(password.strip(), stored)",
            ),
        ),
    ),
    Control(
        "no kinds of characters are asked for",
        ("RG-8",),
        (
            Edit(
                POLICY,
                "return complaints_of(self.validators, password, user)",
                "return ['Use a capital.'] if password.islower() else []",
            ),
        ),
    ),
)
CONFIRMATION = (
    Control(
        "the password comes before the address",
        ("EV-1", "LG-1"),
        (
            Edit(
                PROVING,
                "        if user is None or not right:\n",
                "        if user is not None and user.email_verified_at is None:\n"
                '            raise AuthenticationError("", "email_not_verified")\n'
                "        if user is None or not right:\n",
            ),
        ),
    ),
    Control(
        "a link is good for one purpose, and once",
        ("EV-2", "PR-2", "PR-3"),
        (
            Edit("auth/signing.py", 'salt=f"lback.{purpose}"', 'salt="lback"'),
            Edit(LINKS, "if not hmac.compare_digest(", "if False and not hmac.compare_digest("),
        ),
    ),
    Control(
        "a link ends after a while",
        ("EV-2", "PR-2"),
        (Edit(LINKS, ".loads(token, max_age=max_age)", ".loads(token)"),),
    ),
    Control(
        "a link is bound to the address",
        ("EV-3",),
        (Edit(LINKS, 'getattr(user, "email_canonical", None) or address_of(user)', "None"),),
    ),
    Control(
        "a link is used by its button",
        ("EV-4",),
        (
            Edit(
                PAGE,
                "if not form.validate_on_submit():\n            return self.render(200",
                "if not form.token.data:\n            return self.render(200",
            ),
        ),
    ),
    Control(
        "a link changes the account that it was made for",
        ("EV-5",),
        (
            Edit(
                ADDRESSES,
                "        user, email = self._read(token)\n",
                "        user, email = self._read(token)\n"
                "        from .current import resolve\n"
                "        user = resolve() if resolve().is_authenticated else user\n",
            ),
        ),
    ),
    Control(
        "mails to one address are counted",
        ("EV-6", "PR-11"),
        (
            Edit(
                MANAGERS,
                '        self._limits.hit(limit, f"mail-{kind}", canonical(email))\n',
            ),
        ),
    ),
    Control(
        "mails asked for from one network address are counted",
        ("EV-6",),
        (
            Edit(
                MANAGERS,
                '        self._hit(self._limit_settings.mail_per_address, "mail-address")\n',
            ),
        ),
    ),
    Control(
        "that an address is to be changed is told at the present one",
        ("EV-7",),
        (Edit(ADDRESSES, "        self._mails.email_change_requested(user)\n"),),
    ),
    Control(
        "a change of address ends every other session",
        ("EV-7", "RM-1"),
        (
            Edit(
                ADDRESSES, "        self._sessions.end_all(user, but", "        dict(user=user, but"
            ),
        ),
    ),
)
STRANGERS = (
    Control(
        "what a stranger had in an account is gone before its owner becomes a superuser",
        ("EV-3",),
        (Edit(CHIEFS, "        self.forget_strangers(user)\n"),),
    ),
    Control(
        "what a stranger had in an account is gone when its owner comes by a link",
        ("EV-3",),
        (
            Edit(
                "auth/magic_links/service.py",
                "            current_state()[Chiefs].forget_strangers(user)\n",
            ),
        ),
    ),
    Control(
        "the password of a stranger goes",
        ("EV-3",),
        (Edit(CHIEFS, "        user.password_hash = None\n"),),
    ),
    Control(
        "the sessions and tokens of a stranger go",
        ("EV-3",),
        (Edit(CHIEFS, "        self._sessions.end_everything(user)\n"),),
    ),
    Control(
        "the passkeys and the phone of a stranger go",
        ("EV-3",),
        (Edit(CHIEFS, "            *(models.Passkey, models.TotpDevice, models.RecoveryCode),\n"),),
    ),
    Control(
        "the browsers and the other sites of a stranger go",
        ("EV-3",),
        (Edit(CHIEFS, "            *(models.OAuthAccount, models.Device),\n"),),
    ),
)
CONTROLS = (*KNOWN_ADDRESS, *VALUES, *NEW_PASSWORDS, *CONFIRMATION, *STRANGERS)
