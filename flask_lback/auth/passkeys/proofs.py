"""What py_webauthn makes of a browser's answer; every other module here is free of it.

The answers come from whoever wants to get in, and the library's parsers raise what they like:
whatever goes wrong while one is read is a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .ceremonies import LIFE_SECONDS, Ceremony
from .refusals import Refusal
from .relying_party import RelyingParty

#: Longer answers are refused unread. Attestations with certificates have some 10 kB.
LONGEST = 65_536
_TIMEOUT = LIFE_SECONDS * 1000


@dataclass(frozen=True)
class NewPasskey:
    """What a device says of the passkey that it has just made."""

    credential_id: str
    public_key: bytes
    sign_count: int
    transports: str
    may_back_up: bool
    is_backed_up: bool


@dataclass(frozen=True)
class Assertion:
    """An answer whose signature is not looked at yet."""

    credential_id: str
    user_handle: str | None
    parsed: Any


@dataclass(frozen=True)
class Proof:
    """What a device has signed."""

    sign_count: int
    may_back_up: bool
    is_backed_up: bool


def creation_options(
    party: RelyingParty,
    ceremony: Ceremony,
    *,
    site: str,
    account: tuple[str, str],
    present: Iterable[Any],
) -> dict[str, Any]:
    """What a browser needs to make a passkey (WebAuthn 5.4).

    :param account: what the account is called, and its owner.
    :param present: the passkeys that the account has: no device makes a second one.
    """
    from webauthn import generate_registration_options
    from webauthn.helpers import base64url_to_bytes, options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    name, display_name = account
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=site,
        user_id=base64url_to_bytes(ceremony.handle),
        user_name=name,
        user_display_name=display_name,
        challenge=ceremony.challenge,
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[_descriptor(row) for row in present],
    )
    return options_to_json_dict(options)


def request_options(
    party: RelyingParty, ceremony: Ceremony, *, allowed: Iterable[Any], verified: bool
) -> dict[str, Any]:
    """What a browser needs to use a passkey (WebAuthn 5.5).

    :param allowed: the passkeys asked for; none lets the person choose an account.
    :param verified: whether the device must know its owner, by a finger or a PIN.
    """
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=party.id,
        challenge=ceremony.challenge,
        timeout=_TIMEOUT,
        allow_credentials=[_descriptor(row) for row in allowed],
        user_verification=(
            UserVerificationRequirement.REQUIRED
            if verified
            else UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json_dict(options)


def read_registration(party: RelyingParty, ceremony: Ceremony, answer: str) -> NewPasskey:
    """A new passkey, checked (WebAuthn 7.1).

    :raises Refusal: it answers another challenge, comes from another site, or makes no sense.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url, parse_registration_credential_json

    try:
        parsed = parse_registration_credential_json(_loaded(answer))
        _refuse_framed(parsed.response.client_data_json)
        made = verify_registration_response(
            credential=parsed,
            expected_challenge=ceremony.challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
        )
    except Refusal:
        raise
    except Exception as error:
        raise Refusal("registration") from error
    if len(made.credential_id) > 1_023:
        raise Refusal("registration")
    return NewPasskey(
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=" ".join(sorted({one.value for one in parsed.response.transports or ()})),
        may_back_up=made.credential_device_type.value == "multi_device",
        is_backed_up=made.credential_backed_up,
    )


def read_assertion(answer: str) -> Assertion:
    """Which passkey an answer claims to be of.

    :raises Refusal: it makes no sense.
    """
    from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json

    try:
        parsed = parse_authentication_credential_json(_loaded(answer))
        handle = parsed.response.user_handle
        return Assertion(
            bytes_to_base64url(parsed.raw_id),
            None if handle is None else bytes_to_base64url(handle),
            parsed,
        )
    except Refusal:
        raise
    except Exception as error:
        raise Refusal("malformed") from error


def check_assertion(
    party: RelyingParty,
    ceremony: Ceremony,
    assertion: Assertion,
    *,
    public_key: bytes,
    verified: bool,
) -> Proof:
    """Check origin, domain, challenge, presence and signature (WebAuthn 7.2).

    :param verified: whether the device must have known its owner.
    :raises Refusal: one of them is wrong.
    """
    from webauthn import verify_authentication_response

    try:
        _refuse_framed(assertion.parsed.response.client_data_json)
        found = verify_authentication_response(
            credential=assertion.parsed,
            expected_challenge=ceremony.challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            # The library would look at the count before the signature: anybody could then make
            # its owner be warned. PasskeyRows.claim compares it afterwards.
            credential_current_sign_count=0,
            require_user_verification=verified,
        )
    except Refusal:
        raise
    except Exception as error:
        raise Refusal("signature") from error
    return Proof(
        found.new_sign_count,
        found.credential_device_type.value == "multi_device",
        found.credential_backed_up,
    )


def _loaded(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST:
        raise Refusal("malformed")
    values = json.loads(answer)
    if not isinstance(values, dict):
        raise Refusal("malformed")
    return values


def _refuse_framed(client_data: bytes) -> None:
    """No page of ours is shown within another site's, so no answer comes from there."""
    if json.loads(client_data).get("crossOrigin") not in (None, False):
        raise Refusal("framed")


def _descriptor(row: Any) -> Any:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    transports = [AuthenticatorTransport(word) for word in row.transports.split()]
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(row.credential_id), transports=transports or None
    )
