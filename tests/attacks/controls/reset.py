"""A new password by a mailed link."""

from __future__ import annotations

from .control import Control, Edit

MANAGERS, LINKS, MAILS = "auth/managers.py", "auth/mails/links.py", "auth/mails/service.py"
WRITTEN_AT_ONCE = Edit(
    MAILS,
    "self._runner.run_later(\n            self._mailer.send_template,\n",
    "self._mailer.send_template(\n",
)

CONTROLS = (
    Control(
        "a reset link is bound to the password",
        ("PR-3", "PR-4", "EV-7"),
        (Edit(LINKS, "state = (email, user.password_hash)", "state = (email, None)"),),
    ),
    Control(
        "of two links at once one is used",
        ("PR-3",),
        (
            Edit(
                MANAGERS,
                "if not self._accounts.claim(user):  # the same link was faster",
                "if False:  # the same link was faster",
            ),
        ),
    ),
    Control(
        "a link of an account that is gone is dead",
        ("PR-6",),
        (Edit(LINKS, "if user is None or not user.is_active:", "if user is None:"),),
    ),
    Control(
        "a mail is written in the background",
        ("PR-8",),
        (WRITTEN_AT_ONCE,),
    ),
    Control(
        "a mail is sent in the background, too",
        ("PR-8",),
        (
            WRITTEN_AT_ONCE,
            Edit(
                "mail/service.py",
                "self._runner.run_later(self._deliver, message)",
                "self._deliver(message)",
            ),
        ),
    ),
    Control(
        "mails of each kind have a budget of their own",
        ("PR-11",),
        (Edit(MANAGERS, 'f"mail-{kind}"', '"mail"'),),
    ),
    Control(
        "who wants an address for theirs uses up no reset of its owner",
        ("PR-11",),
        (Edit("auth/addresses.py", '"mail-new-address"', '"mail-reset"'),),
    ),
    Control(
        "the stored address is mailed",
        ("PR-9",),
        (
            Edit(
                MANAGERS,
                "        self._mails.reset_password(user)\n"
                "        password_reset_request_processed",
                "        user.email = email\n"
                "        self._mails.reset_password(user)\n"
                "        password_reset_request_processed",
            ),
        ),
    ),
    Control(
        "an address that holds a token is told to no other page",
        ("PR-10",),
        (Edit("auth/views/page.py", '"no-referrer"', '"unsafe-url"'),),
    ),
    Control(
        "a reset ends the API tokens",
        ("PR-12",),
        (
            Edit(
                "auth/accounts.py",
                "self._sessions.end_everything(user)\n        else:",
                "self._sessions.end_all(user)\n        else:",
            ),
        ),
    ),
    Control(
        "the owner is told that the password was changed",
        ("PR-12",),
        (
            Edit(
                MANAGERS,
                "        self._mails.password_changed(user)\n        password_reset_successful",
                "        password_reset_successful",
            ),
        ),
    ),
    Control(
        "the owner is told which passkeys a new password leaves",
        ("PR-12",),
        (Edit(MAILS, "passkeys=self._passkeys_of(user)", "passkeys=[]"),),
    ),
    Control(
        "of a sign-in and a reset at once the reset wins",
        ("PR-12",),
        (
            Edit(
                "auth/passwords/proving.py",
                "        if not self._accounts.claim(user):\n            raise self._refused(",
                "        if False:\n            raise self._refused(",
            ),
        ),
    ),
    Control(
        "a second factor stands behind every way in",
        ("PR-12",),
        (Edit("auth/entrance.py", "if code := gate.asks(user, method):", "if code := None:"),),
    ),
)
