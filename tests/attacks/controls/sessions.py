"""Sessions, signing out and remembered sign-ins."""

from __future__ import annotations

from .control import Control, Edit

SESSIONS, LOADING, COOKIES = (
    "auth/sessions/service.py",
    "auth/sessions/loading.py",
    "auth/sessions/cookies.py",
)
ROWS, MIDDLEWARE = "auth/sessions/rows.py", "auth/middleware.py"
STANDING, PASSKEYS = "auth/sessions/standing.py", "auth/passkeys/service.py"
PEOPLE = "admin/accounts/users.py"

IDS = (
    Control(
        "the id is new at each sign-in",
        ("SE-1",),
        (
            Edit(
                SESSIONS,
                "key = secrets.token_urlsafe(32)\n        row = self._make(",
                "planted = sent if sent and self._rows.owner_of(had) is None else None\n"
                "        key = planted or secrets.token_urlsafe(32)\n        row = self._make(",
            ),
        ),
    ),
    Control(
        "signing in ends the session that the browser had",
        ("SE-1",),
        (
            Edit(SESSIONS, "self.end(old.session_id)", "pass"),
            Edit(
                SESSIONS,
                "self._rows.end(had)",
                "pass",
            ),
        ),
    ),
    Control(
        "what was kept for one account is not the next one's",
        ("SE-1",),
        (Edit(SESSIONS, "session.clear()  # it holds", "pass  # it holds"),),
    ),
    Control(
        "a rise of privilege changes the id",
        ("SE-2",),
        (
            Edit(
                SESSIONS,
                'conditions.append(table.key_hash == digest(self.present_key() or ""))',
                'key = self.present_key() or ""',
            ),
        ),
    ),
    Control(
        "signing in and a rise of privilege change the token of the forms",
        ("SE-1", "SE-2", "CS-7"),
        (
            Edit(
                COOKIES,
                "    session.pop(_CSRF, None)\n    g.pop(_CSRF, None)\n",
                "    pass\n",
            ),
        ),
    ),
    Control(
        "the id is read from the cookie alone",
        ("SE-11",),
        (
            Edit(
                SESSIONS,
                "return given or ",
                "return given or request.args.get(self.cookie_name(current_app)) or ",
            ),
        ),
    ),
    Control(
        "an id has one spelling",
        ("SE-6",),
        (Edit(LOADING, "sha256(key.encode())", "sha256(key.casefold().encode())"),),
    ),
)
ENDS = (
    Control(
        "a session that was ended is over",
        ("SE-3", "RM-1", "RM-2", "RM-5", "PR-12", "JW-6"),
        (Edit(ROWS, '"revoked_at": clock.now()', '"last_seen_at": clock.now()'),),
    ),
    Control(
        "a new password ends the other sessions",
        ("RM-1",),
        (Edit("auth/accounts.py", "self._sessions.end_all(user, but=but)", "pass"),),
    ),
    Control(
        "a session that is left alone ends",
        ("SE-5",),
        (Edit(LOADING, "minutes=settings.session_idle_minutes", "days=3_000"),),
    ),
    Control(
        "a session has a longest life",
        ("SE-5",),
        (Edit(ROWS, "hours=self._settings.session_hours", "days=3_000"),),
    ),
    Control(
        "signing out ends the session, not the cookie alone",
        ("SE-3", "RM-5"),
        (Edit(SESSIONS, "            self.end(login.session_id)\n"),),
    ),
    Control(
        "signing out clears the cookie",
        ("RM-5",),
        (Edit(SESSIONS, "        self._clear_cookie()\n"),),
    ),
    Control(
        "a proof is recent for a while only",
        ("RM-3", "EV-7"),
        (Edit("auth/freshness.py", "total_seconds() < minutes * 60", "total_seconds() >= 0"),),
    ),
)
BROWSERS = (
    Control(
        "the cookie is out of reach of scripts",
        ("SE-7",),
        (Edit(COOKIES, "max_age=age, httponly=True", "max_age=age, httponly=False"),),
    ),
    Control(
        "the cookie is for https alone where it was set by https",
        ("SE-7",),
        (Edit(COOKIES, 'secure=secure, samesite="Lax", path="/"', 'samesite="Lax", path="/"'),),
    ),
    Control(
        "the name of a secure cookie binds it to the host",
        ("SE-7",),
        (Edit(COOKIES, "return _HOST_PREFIX + COOKIE if", "return COOKIE if"),),
    ),
    Control(
        "a visit opens no session",
        ("SE-8",),
        (
            Edit(
                MIDDLEWARE,
                "It is that of an earlier one, or of one whose view has sent this one.\n"
                '        """\n',
                'Not.\n        """\n'
                "        from flask import session\n"
                '        session["seen"] = True\n',
            ),
        ),
    ),
    Control(
        "the account of one request is not that of the next",
        ("SE-10",),
        (Edit(MIDDLEWARE, "for name in _NAMES if name in here", "for name in _NAMES if False"),),
    ),
    Control(
        "an account stays out of shared caches",
        ("SE-12",),
        (Edit(MIDDLEWARE, "            _keep_private(response)\n", "            pass\n"),),
    ),
)
HELD_OPEN = (
    Control(
        "a request that is held open does not outlive its session",
        ("RM-1", "EV-7"),
        (
            Edit(
                STANDING,
                "kind.id == login.session_id, kind.revoked_at.is_(None)",
                "kind.id == login.session_id",
            ),
        ),
    ),
    Control(
        "a request that is held open does not outlive its API token",
        ("RM-1",),
        (
            Edit(
                STANDING,
                "kind.id == login.token_id, kind.revoked_at.is_(None)",
                "kind.id == login.token_id",
            ),
        ),
    ),
    Control(
        "a request that is held open does not outlive the password that came with it",
        ("RM-1",),
        (
            Edit(
                STANDING,
                "            kind.password_hash.is_not_distinct_from(user.password_hash),\n",
            ),
        ),
    ),
    Control(
        "a request that is held open does not outlive the account that its password opened",
        ("RM-1",),
        (Edit(STANDING, "            kind.is_active.is_(True),\n"),),
    ),
    Control(
        "of a change of password and a reset at once the reset wins",
        ("RM-1",),
        (
            Edit(
                "auth/managers.py",
                "if not self._accounts.claim(user):  # it was changed meanwhile",
                "if False:  # it was changed meanwhile",
            ),
        ),
    ),
)
REVOCATIONS = (
    Control(
        "an administrator ends the API tokens, too",
        ("RM-1",),
        (Edit(PEOPLE, "sessions.end_everything(user", "sessions.end_all(user"),),
    ),
    Control(
        "an address that an administrator changes ends the sessions",
        ("RM-1",),
        (
            Edit(
                "admin/accounts/writing.py",
                "        _end_for_new_address(user)\n",
                "        pass\n",
            ),
        ),
    ),
    Control(
        "whoever ends the sessions trusts no browser any longer",
        ("RM-1",),
        (Edit("auth/devices/feature.py", "        sessions.on_revocation(devices.distrust)\n"),),
    ),
    Control(
        "a passkey that is added ends the other sessions",
        ("RM-1",),
        (
            Edit(
                PASSKEYS,
                "        self._sessions.end_all(user, but=but)\n"
                "        self._db.session.commit()\n"
                "        self._mails.added(",
                "        self._db.session.commit()\n        self._mails.added(",
            ),
        ),
    ),
    Control(
        "a passkey that is removed ends the other sessions",
        ("RM-1",),
        (Edit(PASSKEYS, "            self._sessions.end_all(user, but=but)\n"),),
    ),
    Control(
        "a password that the application sets ends the sessions",
        ("RM-1",),
        (Edit("auth/users/mixins.py", "current_state()[SessionEnder](self)", "pass"),),
    ),
)
PROMOTIONS = (
    Control(
        "a promotion ends what was opened without the second factor that it needs",
        ("SE-2",),
        (Edit("auth/two_factor/promotions.py", "self._sessions.end_unproved(user)", "pass"),),
    ),
    Control(
        "the group of superusers needs the second factor that staff needs",
        ("SE-2",),
        (
            Edit(
                "auth/two_factor/enforcement.py",
                'if settings.required == "staff" and superuser_group is not None:',
                "if False:",
            ),
        ),
    ),
)
CONTROLS = (*IDS, *ENDS, *HELD_OPEN, *REVOCATIONS, *PROMOTIONS, *BROWSERS)
