"""Voluntary application server identification, VAPID (RFC 8292): how the hub signs what it sends to push services."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LIFETIME_MS = 12 * 3600 * 1000
"""Of a signature; RFC 8292, 2 allows 24 h, and a push service's clock may be behind ours."""
RENEW_MS = 3600 * 1000
"""A signature is not used any more in its last hour."""
MOST_ORIGINS = 1_000
"""Signatures kept. There are about five push services; more names are somebody's experiment."""
PRIVATE_BYTES = 32


class Vapid:
    """The hub's identity towards push services.

    A signature names one push service, and is kept: making one costs more than half as much as encrypting a message.
    """

    def __init__(self, private_key: str, subject: str) -> None:
        """`private_key` as `make_private_key` gives it, `subject` a mailto: or https: URL. ValueError for a bad key."""
        self._key = _loaded(private_key)
        self._subject = subject
        self.public_key = _public(self._key)
        """What a browser subscribes with (`applicationServerKey`): an uncompressed point, base64url."""
        self._signed: dict[str, tuple[int, str]] = {}

    def authorization(self, origin: str, now: int) -> str:
        """The Authorization header for the push service at `origin`; `now` in ms since the epoch."""
        expires, header = self._signed.get(origin, (0, ""))
        if expires - now > RENEW_MS and expires - now <= LIFETIME_MS:
            return header
        expires, header = now + LIFETIME_MS, self._sign(origin, now + LIFETIME_MS)
        if len(self._signed) >= MOST_ORIGINS:
            self._signed.clear()
        self._signed[origin] = expires, header
        return header

    def _sign(self, origin: str, expires: int) -> str:
        claims = {"aud": origin, "exp": expires // 1000, "sub": self._subject}
        return f"vapid t={jwt.encode(claims, self._key, algorithm='ES256')}, k={self.public_key}"


def make_private_key() -> str:
    """A new private key of P-256: its 32 bytes, base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _encoded(number.to_bytes(PRIVATE_BYTES, "big"))


def public_key(private_key: str) -> str:
    """The public half, as browsers take it. Raises ValueError for what is no private key."""
    return _public(_loaded(private_key))


def kept_beside(path: Path) -> str:
    """The private key of the file at `path`, which is made, readable by its owner alone, when there is none.

    Raises ValueError when the file holds something else.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_text("ascii").strip()
        _loaded(found)
        return found
    made = make_private_key()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made + "\n")
    return made


def _loaded(private_key: str) -> ec.EllipticCurvePrivateKey:
    text = private_key.strip()
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return ec.derive_private_key(int.from_bytes(raw if len(raw) == PRIVATE_BYTES else b""), ec.SECP256R1())
    except ValueError:  # also for 0, which is no key
        raise ValueError("a VAPID private key is 32 bytes of base64url; `hub doctor --vapid` makes one") from None


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    return _encoded(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
