"""Settings of the mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class MailSettings(Settings):
    """``LBACK_MAIL_*``. Server and account are Flask-Mail's ``MAIL_*`` keys."""

    prefix: ClassVar[str] = "LBACK_MAIL_"

    backend: str | None = setting(
        None,
        "How mail leaves. Unset: smtp when MAIL_SERVER is set, else memory under TESTING, "
        "else console.",
        choices=(None, "smtp", "console", "memory", "file"),
    )
    folder: str = setting("mail", "Folder of the `file` back end, in the instance folder.")
    subject_prefix: str = setting("", "Put before every subject.")
    sender: str | None = setting(
        None,
        "The From address. Unset: MAIL_DEFAULT_SENDER, then noreply at the site's host.",
        aliases=("SENDER_EMAIL",),
    )
