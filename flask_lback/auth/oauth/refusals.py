"""Why somebody could not sign in through a provider: a word for the log, a sentence for people."""

from __future__ import annotations

from ...core.translation import gettext


class Refusal(Exception):
    """Inside this part: the sign-in or the link ends here.

    :ivar reason: for the audit log and the signal, never for a page.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderError(Refusal):
    """The provider did not answer, or what it answered cannot be believed.

    Its own words stay in the chain of exceptions, for the log.
    """


class AwaitsConfirmation(Exception):
    """Nobody is signed in: a mail tells the owner of the address how to go on."""


def sentence(reason: str, label: str) -> str:
    """What a person is told; the same for everything that would tell about accounts.

    :param label: what people call the provider.
    """
    told = {
        "invalid_state": gettext("This took too long, or was started elsewhere. Start again."),
        "access_denied": gettext(
            "%(provider)s was not allowed to tell who you are.", provider=label
        ),
        "address_taken": gettext(
            "Your address at %(provider)s has an account here already. Sign in as you usually do, "
            "then link %(provider)s in your account. No password? Ask for a new one.",
            provider=label,
        ),
        "no_address": gettext(
            "%(provider)s tells no address that we can use. Register with an address first, then "
            "link %(provider)s in your account.",
            provider=label,
        ),
        "registration_closed": gettext(
            "No account here is linked with your account at %(provider)s, and registration is "
            "closed.",
            provider=label,
        ),
        "email_not_verified": gettext(
            "Your address is not confirmed yet. Open the link in our mail first."
        ),
        "linked_elsewhere": gettext(
            "This account at %(provider)s belongs to another account here.", provider=label
        ),
        "already_signed_in": gettext(
            "You are signed in already. Link %(provider)s in your account.", provider=label
        ),
        "last_way_in": gettext(
            "%(provider)s is the only way into your account. Choose a password first.",
            provider=label,
        ),
    }
    return told.get(reason) or gettext(
        "%(provider)s could not tell us who you are. Try again, or use another way.",
        provider=label,
    )
