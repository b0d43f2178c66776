"""Password hashes that other systems made: what their texts look like, and how each is checked.

A pattern matches the whole of a text, so what is malformed is of no kind. Whoever can write into
the table of accounts could store costs that keep a server busy for hours; what would take more than
about five seconds of one core is not computed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from functools import partial

from ...exceptions import MissingExtraError

#: PBKDF2: iterations. The highest advice is 1,400,000, for SHA-1 (OWASP Password Storage).
MOST_ITERATIONS = 5_000_000
#: scrypt: n times r times p, 128 bytes each. Werkzeug's default is 2**18.
MOST_BLOCKS = 2**23
#: bcrypt: the binary logarithm of its rounds. Usual are 10 to 13.
MOST_BCRYPT_COST = 16
#: bcrypt reads this many bytes of a password and no more.
BCRYPT_BYTES = 72


def matches(password: str, stored: str) -> bool:
    """Whether ``password`` belongs to a hash of another system.

    :raises ValueError: the hash is of no kind known here, malformed or far too costly, or the
        password cannot be written in UTF-8; nothing has been computed.
    :raises MissingExtraError: the library for this kind is not installed.
    """
    for pattern, check in _KINDS:
        if found := pattern.fullmatch(stored):
            return check(password.encode(), **found.groupdict())
    raise ValueError("a password hash of no known kind")


def _pbkdf2(
    password: bytes,
    algorithm: str | None,
    rounds: str,
    salt: str,
    digest: str,
    *,
    decode: Callable[[str], bytes],
    decode_salt: Callable[[str], bytes] = str.encode,
) -> bool:
    if not 0 < int(rounds) <= MOST_ITERATIONS:
        raise ValueError("PBKDF2 with too many iterations, or none")
    wanted = decode(digest)
    made = hashlib.pbkdf2_hmac(algorithm or "sha1", password, decode_salt(salt), int(rounds))
    return hmac.compare_digest(made, wanted)


def _scrypt(
    password: bytes,
    n: str,
    r: str,
    p: str,
    salt: str,
    digest: str,
    *,
    decode: Callable[[str], bytes],
) -> bool:
    blocks, size, lanes = int(n), int(r), int(p)
    if not 0 < blocks * size * lanes <= MOST_BLOCKS:
        raise ValueError("scrypt that is too costly")
    wanted = decode(digest)
    memory = 128 * size * (blocks + lanes + 2) + 65_536  # what OpenSSL counts, and a little
    made = hashlib.scrypt(
        password, salt=salt.encode(), n=blocks, r=size, p=lanes, maxmem=memory, dklen=64
    )
    return hmac.compare_digest(made, wanted)


def _bcrypt(password: bytes, bcrypt_hash: str, cost: str) -> bool:
    """Verify as the old system did, which never saw what came after the 72nd byte."""
    if int(cost) > MOST_BCRYPT_COST:
        raise ValueError("bcrypt that is too costly")
    try:
        import bcrypt
    except ImportError as error:
        raise MissingExtraError(
            "A stored password is hashed with bcrypt, which is not installed.",
            'Run `pip install "flask-lback[bcrypt]"`.',
        ) from error
    return bcrypt.checkpw(password[:BCRYPT_BYTES], bcrypt_hash.encode())


def _bcrypt_of_sha256(password: bytes, bcrypt_hash: str, cost: str) -> bool:
    return _bcrypt(hashlib.sha256(password).hexdigest().encode(), bcrypt_hash, cost)


def _base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _passlib_base64(text: str) -> bytes:
    """Base64 as passlib writes it: a dot for the plus, nothing at the end."""
    return _base64(text.replace(".", "+") + "=" * (-len(text) % 4))


_BCRYPT = r"(?P<bcrypt_hash>\$2[aby]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53})"
_ROUNDS = r"(?P<rounds>\d{1,9})"
_SALT = r"(?P<salt>[^$]+)"
_BASE64 = r"(?P<digest>[A-Za-z0-9+/]+={0,2})"
_N, _R, _P = (rf"(?P<{name}>\d{{1,9}})" for name in "nrp")
_SHA = r"(?P<algorithm>sha(?:1|224|256|384|512))"

_KINDS: tuple[tuple[re.Pattern[str], Callable[..., bool]], ...] = tuple(
    (re.compile(pattern, re.ASCII), check)
    for pattern, check in (
        # Werkzeug
        (rf"scrypt:{_N}:{_R}:{_P}\${_SALT}\$(?P<digest>[0-9a-f]+)",
         partial(_scrypt, decode=bytes.fromhex)),
        (rf"pbkdf2:{_SHA}:{_ROUNDS}\${_SALT}\$(?P<digest>[0-9a-f]+)",
         partial(_pbkdf2, decode=bytes.fromhex)),
        # Django
        (rf"pbkdf2_{_SHA}\${_ROUNDS}\${_SALT}\${_BASE64}", partial(_pbkdf2, decode=_base64)),
        (rf"scrypt\${_N}\${_SALT}\${_R}\${_P}\${_BASE64}", partial(_scrypt, decode=_base64)),
        (rf"bcrypt_sha256\${_BCRYPT}", _bcrypt_of_sha256),
        (rf"bcrypt\${_BCRYPT}", _bcrypt),
        # bcrypt itself: Flask-Bcrypt, passlib, PHP
        (_BCRYPT, _bcrypt),
        # passlib, which Flask-Security hashes with
        (rf"\$pbkdf2(?:-{_SHA})?\${_ROUNDS}\$(?P<salt>[A-Za-z0-9./]+)\$(?P<digest>[A-Za-z0-9./]+)",
         partial(_pbkdf2, decode=_passlib_base64, decode_salt=_passlib_base64)),
    )
)  # fmt: skip
