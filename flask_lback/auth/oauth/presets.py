"""What is known of well-known providers: an entry of that name starts from it.

Only what the providers themselves document. Those with an ``issuer`` speak OpenID Connect and tell
the rest by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "google": {"label": "Google", "issuer": "https://accounts.google.com"},
    "gitlab": {"label": "GitLab", "issuer": "https://gitlab.com"},
    # Its issuer names the tenant, so the application gives it.
    "microsoft": {"label": "Microsoft"},
    "github": {
        "label": "GitHub",
        "authorize_url": "https://github.com/login/oauth/authorize",
        "token_url": "https://github.com/login/oauth/access_token",  # nosec B105
        "userinfo_url": "https://api.github.com/user",
        "emails_url": "https://api.github.com/user/emails",
        "scope": "read:user user:email",
        "fields": {"subject": "id", "name": "name", "username": "login"},
    },
    "discord": {
        "label": "Discord",
        "authorize_url": "https://discord.com/oauth2/authorize",
        "token_url": "https://discord.com/api/oauth2/token",  # nosec B105
        "userinfo_url": "https://discord.com/api/users/@me",
        "scope": "identify email",
        "fields": {
            "subject": "id",
            "email": "email",
            "email_verified": "verified",
            "name": "global_name",
            "username": "username",
        },
    },
}
