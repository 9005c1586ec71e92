"""What a push service asks of a request: RFC 8030 (headers), 8188 and 8291 (content), 8292 (who sends)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import http_ece
import jwt
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from tests.doubles.http import Answer

LONGEST_SIGNATURE_SECONDS = 24 * 3600
URGENCIES = {"very-low", "low", "normal", "high"}
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
CREDENTIALS = re.compile(r"vapid t=([\w.-]+), ?k=([\w-]+)")


class Refused(Exception):
    """The request is answered with `answer`."""

    def __init__(self, status: int, words: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(words)
        self.answer = Answer(status, words.encode(), headers or {})


def credentials(authorization: str, origin: str, now: float) -> tuple[str, dict[str, Any]]:
    """The key that signed, and what it claims: audience, expiry, subject (RFC 8292, 2)."""
    parts = CREDENTIALS.fullmatch(authorization)
    if parts is None:
        raise Refused(401, "no VAPID credentials", {"WWW-Authenticate": "vapid"})
    token, key = parts.groups()
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
        options: Any = {"verify_exp": False, "require": ["aud", "exp", "sub"]}
        claims: dict[str, Any] = jwt.decode(token, public, ["ES256"], audience=origin, options=options)
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Refused(403, f"bad VAPID token: {type(error).__name__}") from None
    left = claims["exp"] - now
    if not 0 < left <= LONGEST_SIGNATURE_SECONDS or not claims["sub"].startswith(("mailto:", "https://")):
        raise Refused(403, "bad VAPID token: exp or sub")
    return key, claims


def decrypted(request: web.Request, body: bytes, private_key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    if request.headers.get("Content-Encoding") != "aes128gcm":
        raise Refused(400, "Content-Encoding is not aes128gcm")
    try:
        return bytes(http_ece.decrypt(body, private_key=private_key, auth_secret=auth))
    except (http_ece.ECEException, InvalidTag, ValueError) as error:
        raise Refused(400, f"cannot be decrypted: {error}") from None


def ttl(request: web.Request) -> int:
    value = one(request, "TTL", "", lambda value: value.isascii() and value.isdigit())
    if not value:
        raise Refused(400, "TTL is missing")
    return int(value)


def one(request: web.Request, name: str, absent: str, valid: Any) -> str:
    """The header's only value."""
    values = request.headers.getall(name, [absent])
    if len(values) != 1 or (values != [absent] and not valid(values[0])):
        raise Refused(400, f"bad {name}")
    return values[0]


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
