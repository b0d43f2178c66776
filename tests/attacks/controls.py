"""The controls of the accounts, and the attacks that each of them stops."""

from __future__ import annotations

from tests.attacks.switching import Control

_ACCOUNTS, _MANAGERS, _SESSIONS = "auth/accounts.py", "auth/managers.py", "auth/sessions.py"
_LINKS, _NAMES, _TOKENS = "auth/links.py", "auth/names.py", "auth/access_tokens.py"
_LOADING, _THROTTLE, _CSRF = "auth/loading.py", "auth/throttle/service.py", "security/csrf.py"
_ADDRESSES, _REFRESH = "auth/addresses.py", "auth/refresh_tokens.py"
_KEYS, _COOKIES, _DOCUMENTS = "auth/signing_keys.py", "auth/cookies.py", "api/documents.py"
_HEADERS, _POLICY = "auth/credentials.py", "auth/policy.py"

REGISTRATION = (
    Control(
        "a known address is answered like a new one",
        ("RG-1",),
        ((_ACCOUNTS, 'errors.pop("email", None) is not None\n', "False\n"),),
    ),
    Control(
        "names are compared in one form",
        ("RG-3", "BF-5"),
        (
            (
                _NAMES,
                'return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value.strip())'
                ".casefold())",
                "return value",
            ),
        ),
    ),
    Control(
        "an account is made of the fields that the form names",
        ("RG-4",),
        (
            (
                "auth/forms.py",
                'return {name: self[name].data for name in ("username", "email") if name in self}',
                "from flask import request; known = dir(__import__('flask_lback.auth', fromlist=['x'])"
                ".get_user_model()); return {name: (value == '1' if name.startswith('is_') else value)"
                " for name, value in {**request.form, **(request.get_json(silent=True) or {})}.items()"
                " if name in known and name in ('username', 'email', 'is_superuser', 'is_staff')}",
            ),
        ),
    ),
    Control(
        "of two registrations at once the second one is told nothing",
        ("RG-5",),
        (
            (
                _ACCOUNTS,
                "            self._lost_race(fields)\n            return None\n",
                "            raise\n",
            ),
        ),
    ),
    Control(
        "an address is checked before it is kept",
        ("RG-6", "RG-9"),
        (
            (
                _NAMES,
                "    except EmailNotValidError as error:\n"
                '        raise ValueError(gettext("This is not an e-mail address.")) from error\n',
                "    except EmailNotValidError:\n        email = value\n",
            ),
        ),
    ),
    Control(
        "a password is neither too long, too short nor known",
        ("RG-7", "PR-13"),
        (
            (_POLICY, "        if len(password) > most:\n", "        if False:\n"),
            (
                _POLICY,
                "        return complaints_of(self.validators, password, user)",
                "        return []",
            ),
        ),
    ),
    Control(
        "no kinds of characters are asked for",
        ("RG-8",),
        (
            (
                _POLICY,
                "        return complaints_of(self.validators, password, user)",
                "        return [] if password.lower() != password else ['Use a capital.']",
            ),
        ),
    ),
    Control(
        "values have the type that is asked for",
        ("RG-9",),
        ((_DOCUMENTS, "elif not isinstance(value, str):\n", "elif False:\n"),),
    ),
    Control(
        "closed registration is not there",
        ("RG-10",),
        (
            ("auth/views/registration.py", "if not settings.registration:", "if False:"),
            ("api/accounts/views/registration.py", "].registration:", "].registration is None:"),
        ),
    ),
    Control(
        "the password comes before the address",
        ("EV-1", "LG-1"),
        (
            (
                _MANAGERS,
                "        if user is None or not right:\n",
                "        if user is not None and user.email_verified_at is None:\n"
                '            raise AuthenticationError("x", "email_not_verified")\n'
                "        if user is None or not right:\n",
            ),
        ),
    ),
    Control(
        "a link is good for what it was made for",
        ("EV-2", "PR-2"),
        (
            (_LINKS, "serializer(self._app, purpose).loads", 'serializer(self._app, "x").loads'),
            (_LINKS, "serializer(self._app, purpose).dumps", 'serializer(self._app, "x").dumps'),
            (_LINKS, "repr((purpose, key_name", "repr((key_name"),
            (_LINKS, "state = (email, user.password_hash)", "state = (email, None)"),
        ),
    ),
    Control(
        "a link is bound to the address",
        ("EV-3", "EV-7"),
        ((_LINKS, 'email = getattr(user, "email_canonical", None)', "email = None"),),
    ),
    Control(
        "a link is used by its button",
        ("EV-4",),
        (
            (
                "auth/views/registration.py",
                '    form = form_for("verify_email", token=request.args.get("token"))\n'
                "    if not form.validate_on_submit():\n",
                '    form = form_for("verify_email", token=request.args.get("token"))\n'
                "    if not form.token.data:\n",
            ),
        ),
    ),
    Control(
        "a link changes the account that it was made for",
        ("EV-5",),
        (
            (
                _ADDRESSES,
                "        user, email = self._read(token)\n",
                "        user, email = self._read(token)\n"
                "        from .current import resolve\n"
                "        user = resolve()._get_current_object() if hasattr(resolve(), "
                "'_get_current_object') else resolve()\n",
            ),
        ),
    ),
    Control(
        "mails are counted",
        ("EV-6", "PR-11"),
        (
            (
                _MANAGERS,
                "        self._limits.hit(self._limit_settings.mail_per_account",
                "        0 and (self._limit_settings.mail_per_account",
            ),
        ),
    ),
    Control(
        "a change of address is told at the old one",
        ("EV-7",),
        ((_ADDRESSES, "        self._mails.email_change_requested(user)\n", ""),),
    ),
)
SIGN_IN = (
    Control(
        "a hash is computed for unknown names, too",
        ("LG-1",),
        (
            (
                _MANAGERS,
                "        right = self._hasher.verify(password, stored)\n",
                "        right = stored is not None and self._hasher.verify(password, stored)\n",
            ),
        ),
    ),
    Control(
        "attempts are counted by account",
        ("BF-1", "BF-2", "BF-5", "BF-8", "EN-3"),
        (
            (
                _THROTTLE,
                "        if named and self._limits.allows(limit, *account):\n",
                "        if True:\n",
            ),
        ),
    ),
    Control(
        "attempts are counted by address",
        ("BF-3",),
        (
            (
                _THROTTLE,
                "        self._limits.hit(self._settings.password_per_address, "
                '"password-address", caller())\n',
                "",
            ),
        ),
    ),
    Control(
        "a known device has a budget of its own",
        ("BF-4",),
        ((_THROTTLE, "        if self._knows_device(user):\n            return True\n", ""),),
    ),
    Control(
        "a right password forgives the account",
        ("BF-7", "BF-4"),
        (
            (
                _THROTTLE,
                "        limit = self._settings.password_per_account\n        self._limits.clear(",
                "        return\n        limit = self._settings.password_per_account\n        self._limits.clear(",
            ),
        ),
    ),
    Control(
        "a key has one spelling",
        ("LG-2",),
        (
            (
                "auth/directory.py",
                "    if str(number) != text or not -most <= number < most:\n",
                "    if False:\n",
            ),
        ),
    ),
)
SESSIONS = (
    Control(
        "signing in ends the session that the browser had",
        ("SE-1",),
        (
            (
                _SESSIONS,
                "            self.end(old.session_id)\n        if (sent",
                "            pass\n        if (sent",
            ),
            (
                _SESSIONS,
                "            self._end(self._models.UserSession.key_hash == digest(sent))\n",
                "            pass\n",
            ),
        ),
    ),
    Control(
        "a rise of privilege changes the id",
        ("SE-2",),
        (
            (
                _SESSIONS,
                '            values["key_hash"] = digest(key)\n',
                '            values["key_hash"] = digest(self.present_key() or ""); key = self.present_key() or ""\n',
            ),
        ),
    ),
    Control(
        "a session that was ended is over",
        ("SE-3", "RM-1", "RM-2", "RM-5", "PR-12", "JW-6"),
        (
            (
                _SESSIONS,
                '        return self._change({"revoked_at": clock.now()}, condition',
                '        return self._change({"last_seen_at": clock.now()}, condition',
            ),
        ),
    ),
    Control(
        "a session ends when it is left alone, and at its longest",
        ("SE-5",),
        (
            (
                _SESSIONS,
                "dt.timedelta(hours=self._settings.session_hours)",
                "dt.timedelta(days=3_000)",
            ),
        ),
    ),
    Control(
        "what is in the cookie is hashed before it is looked for",
        ("SE-6",),
        (
            (
                _LOADING,
                "def digest(key: str)",
                "def digest(key: str, once: str = '') -> str:\n"
                "    return _digest(key.lower())\n\n\n"
                "def _digest(key: str)",
            ),
        ),
    ),
    Control(
        "the cookie is out of reach of scripts",
        ("SE-7",),
        ((_COOKIES, "httponly=True", "httponly=False"),),
    ),
    Control(
        "visits open no session",
        ("SE-8",),
        (
            (
                "auth/middleware.py",
                "        request.environ[_OUTER]",
                "        from flask import session; session['seen'] = True\n"
                "        request.environ[_OUTER]",
            ),
        ),
    ),
    Control(
        "an account stays out of shared caches",
        ("SE-12",),
        (("auth/middleware.py", '            response.vary.add("Cookie")\n', ""),),
    ),
    Control(
        "one request's account is not the next one's",
        ("SE-10",),
        (("auth/middleware.py", "{name: g.pop(name) for name in _NAMES if name in g}", "{}"),),
    ),
    Control(
        "the id is read from the cookie alone",
        ("SE-11",),
        (
            (
                _SESSIONS,
                "return given or request.cookies.get(self.cookie_name(current_app))",
                "return given or request.cookies.get(self.cookie_name(current_app))"
                " or request.args.get(COOKIE)",
            ),
        ),
    ),
    Control(
        "a proof is recent for a while only",
        ("RM-3", "EV-7"),
        (("auth/freshness.py", "total_seconds() < minutes * 60", "total_seconds() >= 0"),),
    ),
)
CSRF = (
    Control(
        "a form has the token of its page",
        ("CS-1", "CS-3", "CS-4", "CS-7", "CS-8", "CS-9", "CS-10", "SE-9"),
        ((_CSRF, "        self.protect(apply_exemptions=True)\n", ""),),
    ),
    Control(
        "a form of another site is refused",
        ("CS-6",),
        (
            (
                _CSRF,
                '        if "csrf_valid" in g and not is_same_origin(request):\n',
                "        if False:\n",
            ),
        ),
    ),
    Control(
        "a method is what it says it is",
        ("CS-5",),
        (
            (
                "auth/views/signing.py",
                "        if not form.validate_on_submit():\n            return self.render(form=form)\n",
                "        if request.headers.get('X-HTTP-Method-Override') != 'POST' and "
                "not form.validate_on_submit():\n            return self.render(form=form)\n",
            ),
        ),
    ),
)
REDIRECTS = (
    Control(
        "the way back is a path on this site",
        ("OR-1", "OR-2", "OR-4", "OR-5", "OR-6"),
        (
            (
                "core/redirects.py",
                "is_safe_redirect(target := values.pop())",
                "(target := values.pop())",
            ),
        ),
    ),
    Control(
        "links are made of the configured host",
        ("HO-1", "PR-7"),
        (
            (
                "mail/links.py",
                '        return configured.rstrip("/")\n',
                '        return f"{request.scheme}://{request.host}"\n',
            ),
            ("mail/links.py", " and is_loopback(request.host)", ""),
        ),
    ),
    Control(
        "a header of a stranger is not believed",
        ("HO-2",),
        ((_COOKIES, "request.is_secure", "request.headers.get('X-Forwarded-Proto') == 'https'"),),
    ),
)
RESET = (
    Control(
        "a link ends after a while",
        ("PR-2",),
        ((_LINKS, ".loads(token, max_age=max_age)", ".loads(token)"),),
    ),
    Control(
        "a reset link is bound to the password",
        ("PR-3", "PR-4"),
        ((_LINKS, "state = (email, user.password_hash)", "state = (email, None)"),),
    ),
    Control(
        "a link of an account that is gone is dead",
        ("PR-6",),
        ((_LINKS, "if user is None or not user.is_active:", "if user is None:"),),
    ),
    Control(
        "known and unknown addresses are answered alike",
        ("PR-8",),
        (
            (
                _MANAGERS,
                "            password_reset_request_failed.emit(self, email=email, "
                'error_type="user_not_found")\n',
                "            raise refused()\n",
            ),
        ),
    ),
    Control(
        "the stored address is mailed",
        ("PR-9",),
        (
            (
                _MANAGERS,
                "        self._mails.reset_password(user)\n        password_reset_request_processed",
                "        user.email = email\n        self._mails.reset_password(user)\n        password_reset_request_processed",
            ),
        ),
    ),
    Control(
        "a token in an address goes to no other site",
        ("PR-10",),
        (("auth/views/page.py", '"no-referrer"', '"unsafe-url"'),),
    ),
)
TOKENS = (
    Control(
        "the algorithm is ours",
        ("JW-1",),
        (
            (
                _TOKENS,
                "algorithms=[self.keys.algorithm],",
                "algorithms=['HS256', 'HS384', 'HS512'],",
            ),
        ),
    ),
    Control(
        "a signature is by one of our keys",
        ("JW-1", "JW-2", "JW-13", "JW-14"),
        ((_TOKENS, '"require": _REQUIRED,', '"require": _REQUIRED, "verify_signature": False,'),),
    ),
    Control(
        "times are whole numbers, and now",
        ("JW-3",),
        ((_TOKENS, '    if claims["exp"] <= now:\n', "    if False:\n"),),
    ),
    Control(
        "a token is by us and for us",
        ("JW-4",),
        (
            (
                _TOKENS,
                '"strict_aud": True,',
                '"strict_aud": False, "verify_aud": False, "verify_iss": False,',
            ),
        ),
    ),
    Control(
        "an access token is none of the others",
        ("JW-5",),
        (
            (_TOKENS, 'if claims["typ"] != "access" or not', "if not"),
            (_REFRESH, "digest(token)", "token"),
        ),
    ),
    Control(
        "an old refresh token ends its family",
        ("JW-8",),
        ((_REFRESH, "            self._revoke_family(row)\n", ""),),
    ),
    Control(
        "the account is that of the session",
        ("JW-9",),
        ((_HEADERS, "found[0].get_id() == subject else None", "found[0] else None"),),
    ),
    Control(
        "a header is one scheme and one token",
        ("JW-10",),
        (
            (
                _HEADERS,
                r"([A-Za-z]+) +([A-Za-z0-9._~+/-]+=*) *\Z",
                r'(?:JWT|Bearer|bearer)[ :="\t]*(Bearer|bearer)? *"?()([A-Za-z0-9._~+/-]+=*)',
            ),
        ),
    ),
)
CONTROLS = (*REGISTRATION, *SIGN_IN, *SESSIONS, *CSRF, *REDIRECTS, *RESET, *TOKENS)
