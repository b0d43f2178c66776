"""Access and refresh tokens, and the keys that sign them."""

from __future__ import annotations

from .control import Control, Edit

ACCESS, REFRESH = "auth/tokens/access.py", "auth/tokens/refresh.py"
KEYS, HEADER = "auth/tokens/keys.py", "auth/tokens/credentials.py"

SIGNATURES = (
    Control(
        "the algorithm is ours",
        ("JW-1",),
        (
            Edit(
                ACCESS,
                "algorithms=[self.keys.algorithm],",
                'algorithms=[self.keys.algorithm, "HS384", "HS512"],',
            ),
        ),
    ),
    Control(
        "a signature is by one of our keys",
        ("JW-1", "JW-2", "JW-13", "JW-14"),
        (
            Edit(
                ACCESS, '"require": _REQUIRED,', '"require": _REQUIRED, "verify_signature": False,'
            ),
        ),
    ),
    Control(
        "a token names one of our keys",
        ("JW-2",),
        (Edit(KEYS, "if key.kid == kid)", "if True)"),),
    ),
    Control(
        "a weak key of its own stops the start",
        ("JW-11",),
        (Edit(KEYS, '== "production" and (why := weakness(text))', '== "" and (why := "")'),),
    ),
    Control(
        "a weak SECRET_KEY stops the start",
        ("JW-11",),
        (
            Edit(
                "security/secret_key.py",
                '== "production" and (why := weakness(key))',
                '== "" and (why := "")',
            ),
        ),
    ),
    Control(
        "an older key is believed while it is a fallback",
        ("JW-12",),
        (
            Edit(
                KEYS,
                "_secrets(app, (settings.key, *settings.key_fallbacks))",
                "_secrets(app, (settings.key,))",
            ),
        ),
    ),
    Control(
        "the newest key signs",
        ("JW-12",),
        (Edit(ACCESS, "key = self.keys.all[0]", "key = self.keys.all[-1]"),),
    ),
)
CLAIMS = (
    Control(
        "a token ends",
        ("JW-3",),
        (Edit(ACCESS, 'if claims["exp"] <= now:', "if False:"),),
    ),
    Control(
        "times are whole numbers",
        ("JW-3",),
        (Edit(ACCESS, "not all(type(one) is int for one in numbers)", "False"),),
    ),
    Control(
        "a token is by us and for us",
        ("JW-4", "JW-13"),
        (
            Edit(
                ACCESS,
                '"strict_aud": True,',
                '"verify_aud": False, "verify_iss": False,',
            ),
        ),
    ),
    Control(
        "an access token is none of the others",
        ("JW-5",),
        (Edit(ACCESS, 'if claims["typ"] != "access" or not', "if not"),),
    ),
    Control(
        "the account is that of the session",
        ("JW-9",),
        (Edit(HEADER, "found[0].get_id() == subject else None", "found[0] else None"),),
    ),
    Control(
        "a header is one scheme and one token",
        ("JW-10",),
        (Edit(HEADER, ' *\\Z")', '")'),),
    ),
)
LIVES = (
    Control(
        "a right that was taken is gone at once",
        ("JW-6",),
        (
            Edit(
                "permissions/rights.py",
                "if known is not None and known.versions == self._versions_at_hand(user):",
                "if known is not None:",
            ),
            Edit(
                "permissions/rights.py",
                "self._known[key] = grants",
                "self._known.setdefault(key, grants)",
            ),
        ),
    ),
    Control(
        "an old refresh token ends its family",
        ("JW-8",),
        (Edit(REFRESH, "            self._revoke_family(row)\n"),),
    ),
    Control(
        "tabs that refresh at once stay signed in",
        ("JW-8",),
        (Edit(REFRESH, "and not self._is_in_grace(row, now)"),),
    ),
)
CONTROLS = (*SIGNATURES, *CLAIMS, *LIVES)
