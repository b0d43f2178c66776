"""The parts of the accounts feature: each a folder with the rooms of a feature."""

from __future__ import annotations

from collections.abc import Mapping

from ..forms.base import Form
from .api_tokens.feature import ApiTokensPart
from .devices.feature import DevicesPart
from .forms import FORMS as OWN_FORMS
from .impersonation.feature import ImpersonationPart
from .invitations.feature import InvitationsPart
from .magic_links.feature import MagicLinksPart
from .oauth.feature import OAuthPart
from .part import Part
from .passkeys.feature import PasskeysPart
from .personal_data.feature import PersonalDataPart
from .two_factor.feature import TwoFactorPart

#: In the order in which they are set up, after the accounts themselves.
PARTS: tuple[Part, ...] = (
    DevicesPart(),
    TwoFactorPart(),
    PasskeysPart(),
    OAuthPart(),
    ApiTokensPart(),
    InvitationsPart(),
    MagicLinksPart(),
    PersonalDataPart(),
    ImpersonationPart(),
)

#: The form of every account page.
FORMS: Mapping[str, type[Form]] = {
    **OWN_FORMS,
    **{page: form for part in PARTS for page, form in part.forms.items()},
}
