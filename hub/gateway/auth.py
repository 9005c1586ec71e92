"""Bearer tokens (RFC 7519): HS256 with a secret, or RS256, ES256 and EdDSA with a key set (RFC 7517)."""

import asyncio
import time
from typing import Any

import aiohttp
import jwt
import msgspec
import structlog
from msgspec import Struct

from hub.errors import AccessDenied, AuthExpired, AuthInvalid, AuthUnavailable
from hub.gateway.fields import UserId
from hub.settings import Settings

log = structlog.get_logger()

ROLES = frozenset({"fan", "creator", "moderator", "support", "admin", "service"})
KEY_SET_ALGORITHMS = ["RS256", "ES256", "EdDSA"]
LEEWAY_SECONDS = 5
"""Clocks of two machines may differ by this much."""
KEY_SET_SECONDS = 600
REFETCH_SECONDS = 1
"""An unknown key id fetches the set again, but no more often than this: forged ids must not become many requests."""


class Identity(Struct, frozen=True, kw_only=True):
    """Who a token speaks for. `expires` and `issued` in seconds since the epoch."""

    user_id: str
    roles: frozenset[str]
    expires: float
    issued: float = 0
    """0 when the token does not say: it is older than any revocation."""
    name: str | None = None
    locale: str | None = None
    tz: str | None = None

    @property
    def issued_ms(self) -> int:
        """The same in ms."""
        return round(self.issued * 1000)

    def require(self, *roles: str) -> None:
        """Raises AccessDenied unless the token has one of `roles`."""
        if not self.roles.intersection(roles):
            raise AccessDenied({"needs": sorted(roles)})


class _Claims(Struct, frozen=True):
    sub: UserId
    exp: float
    iat: float = 0
    roles: list[str] = []
    name: str | None = None
    locale: str | None = None
    tz: str | None = None


class KeySet:
    """The public keys of an issuer, fetched when needed and kept for a while."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched = -float("inf")
        self._reached = False
        self._lock = asyncio.Lock()

    async def key(self, key_id: str | None) -> jwt.PyJWK:
        """The key with this `kid`.

        Raises AuthInvalid when the issuer does not have it, AuthUnavailable when the issuer could not be asked.
        """
        if key_id in self._keys and self._age() <= KEY_SET_SECONDS:
            return self._keys[key_id]
        arrived = time.monotonic()
        async with self._lock:
            if self._fetched < arrived:  # else somebody before us in the queue has just asked
                await asyncio.sleep(max(0.0, REFETCH_SECONDS - self._age()))
                await self._fetch()
        if key_id in self._keys:
            return self._keys[key_id]
        if not self._reached:
            raise AuthUnavailable(retry_after_ms=REFETCH_SECONDS * 1000)
        raise AuthInvalid({"reason": "the token's key is not in the key set"})

    def _age(self) -> float:
        return time.monotonic() - self._fetched

    async def _fetch(self) -> None:
        self._fetched = time.monotonic()
        try:
            timeout = aiohttp.ClientTimeout(total=5)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self._url) as response:
                response.raise_for_status()
                found = jwt.PyJWKSet.from_dict(await response.json(content_type=None))
        except (aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError) as error:
            log.warning("auth.key_set_unreachable", error=type(error).__name__)  # the old keys go on serving
            self._reached = False
            return
        self._reached = True
        self._keys = {key.key_id: key for key in found.keys}
        if len(found.keys) == 1:
            self._keys.setdefault(None, found.keys[0])


class Authenticator:
    """Checks tokens, and in development makes them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secret = settings.jwt_secret.get_secret_value()
        self._key_set = KeySet(settings.jwks_url) if settings.jwks_url else None

    async def identify(self, token: str) -> Identity:
        """Who `token` speaks for. Raises AuthExpired, AuthInvalid."""
        try:
            if self._key_set is None:
                claims = self._decode(token, self._secret, ["HS256"])
            else:
                key = await self._key_set.key(jwt.get_unverified_header(token).get("kid"))
                claims = self._decode(token, key, KEY_SET_ALGORITHMS)
            checked = msgspec.convert(claims, _Claims)
        except jwt.ExpiredSignatureError:
            raise AuthExpired from None
        except jwt.PyJWTError as error:
            raise AuthInvalid({"reason": str(error)}) from None
        except (msgspec.ValidationError, ValueError, RecursionError) as error:
            raise AuthInvalid({"reason": f"a claim is not as it should be: {error}"}) from None
        return Identity(
            user_id=checked.sub,
            roles=frozenset(checked.roles) & ROLES,
            expires=checked.exp,
            issued=checked.iat,
            name=checked.name,
            locale=checked.locale,
            tz=checked.tz,
        )

    def _decode(self, token: str, key: Any, algorithms: list[str]) -> dict[str, Any]:
        settings = self._settings
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=settings.jwt_issuer or None,
            audience=settings.jwt_audience or None,
            leeway=LEEWAY_SECONDS,
            options={"require": ["sub", "exp"], "verify_aud": bool(settings.jwt_audience)},
        )

    def make(self, user_id: str, roles: list[str], *, seconds: int, **claims: str) -> str:
        """A token signed with the secret, for `hub token`, the demo and tests.

        `iat` has milliseconds (RFC 7519, 2 allows them), so that a token made just after a revocation is known as such.
        """
        now = round(time.time(), 3)
        payload: dict[str, Any] = {"sub": user_id, "roles": roles, "iat": now, "exp": now + seconds, **claims}
        if self._settings.jwt_issuer:
            payload["iss"] = self._settings.jwt_issuer
        if self._settings.jwt_audience:
            payload["aud"] = self._settings.jwt_audience
        return jwt.encode(payload, self._secret, algorithm="HS256")


def bearer(header: str | None) -> str:
    """The token of an `Authorization: Bearer …` header. Raises AuthInvalid."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthInvalid({"reason": "send the header `Authorization: Bearer <token>`"})
    return token.strip()
