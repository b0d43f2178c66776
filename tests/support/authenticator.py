"""A device with passkeys, in software: real keys, real signatures, and every way to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from .apps import PASSWORD, Site
from .visitor import Visitor, hidden_fields

PRESENT, VERIFIED, MAY_BACK_UP, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def base64url(value: bytes) -> str:
    """Without padding, as browsers write it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Key:
    """One passkey on the device."""

    credential_id: bytes
    private: ec.EllipticCurvePrivateKey
    user_handle: bytes


@dataclass
class Authenticator:
    """Answers what a browser would be asked; fields say what is unusual about it.

    :ivar origin: where the browser is.
    :ivar rp_id: signed instead of the domain that was asked for.
    :ivar counter: None: it does not count.
    :ivar changes: of the client data, such as ``{"crossOrigin": True}``.
    """

    origin: str = "http://localhost"
    rp_id: str | None = None
    counter: int | None = None
    flags: int = PRESENT | VERIFIED
    send_handle: bool = True
    changes: dict[str, Any] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)

    def but(self, **values: Any) -> Authenticator:
        """The same device with the same keys, and something else about it."""
        return replace(self, **values)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make a passkey: ``RegistrationResponseJSON`` without attestation."""
        excluded = {one["id"] for one in options.get("excludeCredentials", ())}
        assert not any(base64url(key.credential_id) in excluded for key in self.keys)
        private = ec.generate_private_key(ec.SECP256R1())
        key = Key(secrets.token_bytes(32), private, from_base64url(options["user"]["id"]))
        self.keys.append(key)
        numbers = private.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = (
            bytes(16) + len(key.credential_id).to_bytes(2, "big") + key.credential_id + cbor(cose)
        )
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        attestation = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options["challenge"]),
            "attestationObject": base64url(attestation),
            "transports": ["internal", "hybrid"],
        }
        return self._credential(key, response)

    def get(self, options: dict[str, Any], key: Key | None = None) -> dict[str, Any]:
        """Use a passkey: ``AuthenticationResponseJSON``.

        :param key: which one; the first that is allowed when left out.
        """
        allowed = {one["id"] for one in options.get("allowCredentials", ())}
        key = key or next(
            one for one in self.keys if not allowed or base64url(one.credential_id) in allowed
        )
        if self.counter is not None:
            self.counter += 1
        data = self._data(options["rpId"])
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = data + hashlib.sha256(from_base64url(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": base64url(data),
            "signature": base64url(key.private.sign(signed, ec.ECDSA(hashes.SHA256()))),
        }
        if self.send_handle:
            response["userHandle"] = base64url(key.user_handle)
        return self._credential(key, response)

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        digest = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return digest + bytes([self.flags | more]) + (self.counter or 0).to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> str:
        values = {"type": kind, "challenge": challenge, "origin": self.origin, **self.changes}
        return base64url(json.dumps(values).encode())

    def _credential(self, key: Key, response: dict[str, Any]) -> dict[str, Any]:
        name = base64url(key.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def cbor(value: Any) -> bytes:
    """The few kinds of CBOR (RFC 8949) that an authenticator writes."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    items = b"".join(cbor(name) + cbor(item) for name, item in value.items())
    return _head(5, len(value)) + items


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    size = 1 if number < 2**8 else 2 if number < 2**16 else 4
    return bytes([kind << 5 | {1: 24, 2: 25, 4: 26}[size]]) + number.to_bytes(size, "big")


class Holder:
    """A person with a browser and a device: asks a page's options and sends its form."""

    def __init__(self, app: Flask, device: Authenticator | None = None) -> None:
        self.visitor = Visitor(app)
        self.device = device or Authenticator()

    def ask(self, page: str, path: str) -> Any:
        """What the script of a page is answered."""
        token = hidden_fields(self.visitor.get(page).text)["csrf_token"]
        answer = self.visitor.client.post(
            path, json={}, headers={"X-CSRFToken": token}, base_url="http://localhost"
        )
        assert answer.status_code == 200, answer.text
        return answer.json

    def send(self, page: str, to: str, credential: Any, ceremony: str, **fields: Any) -> Any:
        """Send the form that the script has filled."""
        text = json.dumps(credential)
        return self.visitor.submit(page, to, credential=text, ceremony=ceremony, **fields)

    def add(self, name: str = "Phone", device: Authenticator | None = None) -> Any:
        """Add a passkey on the page."""
        asked = self.ask("/auth/passkeys/", "/auth/passkeys/options/")
        made = (device or self.device).create(asked["publicKey"])
        return self.send(
            "/auth/passkeys/", "/auth/passkeys/add/", made, asked["ceremony"], name=name
        )

    def ask_to_sign_in(self) -> Any:
        """The options of the sign-in page."""
        return self.ask("/auth/login/", "/auth/passkeys/sign-in/options/")

    def send_sign_in(self, credential: Any, ceremony: str, **fields: Any) -> Any:
        """Send the answer of a device from the sign-in page."""
        to = "/auth/passkeys/sign-in/"
        return self.send("/auth/login/", to, credential, ceremony, **fields)

    def sign_in(self, device: Authenticator | None = None, **fields: Any) -> Any:
        """Sign in with the passkey alone."""
        asked = self.ask_to_sign_in()
        answer = (device or self.device).get(asked["publicKey"])
        return self.send_sign_in(answer, asked["ceremony"], **fields)

    def confirm(self, path: str, device: Authenticator | None = None) -> Any:
        """Answer the page at ``path``, of the second step or of proving it again."""
        asked = self.ask(path, f"{path.partition('?')[0]}options/")
        answer = (device or self.device).get(asked["publicKey"])
        return self.send(path, path.partition("?")[0], answer, asked["ceremony"])

    def is_in(self) -> bool:
        """Whether the account page opens."""
        return self.visitor.get("/auth/account/").status_code == 200


def owner_of_passkey(site: Site, name: str = "maya", **device: Any) -> Holder:
    """A new account that has a passkey, signed in by its password."""
    site.add_user(name)
    holder = Holder(site.app, Authenticator(**device))
    assert holder.visitor.sign_in(f"{name}@example.org", PASSWORD).status_code == 302
    assert holder.add().status_code == 302
    return holder


def elsewhere(site: Site, holder: Holder) -> Holder:
    """The same device at another browser."""
    return Holder(site.app, holder.device)
