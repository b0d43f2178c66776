"""Where a sign-in leads, and which host a link is made of."""

from __future__ import annotations

from .control import Control, Edit

LINKS = "mail/links.py"
FOREIGN_HOST = 'return f"{request.scheme}://{request.host}"'

CONTROLS = (
    Control(
        "the way back is a path on this site",
        ("OR-1", "OR-2", "OR-4", "OR-5", "OR-6"),
        (
            Edit(
                "core/redirects.py",
                "is_safe_redirect(target := values.pop())",
                "(target := values.pop())",
            ),
        ),
    ),
    Control(
        "slashes and backslashes begin a host",
        ("OR-1",),
        (
            Edit(
                "core/redirects.py",
                'if target[1:2] in ("/", "\\\\") or "\\\\" in target:',
                "if False:",
            ),
        ),
    ),
    Control(
        "of two ways back none is taken",
        ("OR-6",),
        (Edit("core/redirects.py", "if len(values) == 1 and", "if values and"),),
    ),
    Control(
        "links are made of the configured host",
        ("HO-1", "PR-7"),
        (
            Edit(
                LINKS,
                '        return configured.rstrip("/")\n',
                f"        {FOREIGN_HOST}\n",
            ),
        ),
    ),
    Control(
        "without a configured host links are made for this machine alone",
        ("HO-1",),
        (Edit(LINKS, " and is_loopback(request.host)"),),
    ),
    Control(
        "a header of a stranger is not believed",
        ("HO-2",),
        (
            Edit(
                "auth/sessions/cookies.py",
                "return request.is_secure or",
                'return request.headers.get("X-Forwarded-Proto") == "https" or',
            ),
        ),
    ),
)
