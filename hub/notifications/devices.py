"""The devices of a person: browsers that subscribed to Web Push."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from hub.channels.public_hosts import check_endpoint
from hub.clock import rfc3339
from hub.errors import RequestInvalid
from hub.ids import new_id
from persistence import endpoints, gathering, users
from persistence.suppressions import address_hash
from persistence.uow import Database

MOST_DEVICES = 20
"""Of one person; more are browsers that were cleaned and subscribed anew, so the oldest goes."""
SECRET_BYTES = 16
"""Of a subscription's `auth` (RFC 8291, 3.2)."""
PUSH = "push"


class Device(Struct, frozen=True):
    """A browser that takes push messages. The address and the keys are not shown again."""

    id: str
    label: str
    created_at: str


class Subscription(Struct, frozen=True, kw_only=True):
    """What `PushManager.subscribe` gives, and how the person calls the device."""

    endpoint: str
    p256dh: str
    """Public key, an uncompressed point of P-256, base64url."""
    auth: str
    label: str = ""


class Devices:
    """Registers and lists devices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, user_id: str, subscription: Subscription) -> Device:
        """Adds a device, or renews it; one that another person used before is this person's now.

        Raises RequestInvalid for an endpoint that is no public HTTPS address, or keys that are none.
        """
        address, p256dh, auth = _checked(subscription)
        async with self._database.begin() as tx:
            await users.lock(tx.connection, user_id)  # two tabs that register at once must not both think they fit
            digest = address_hash(address)
            await endpoints.register(
                tx.connection,
                {
                    "id": new_id(),
                    "user_id": user_id,
                    "channel": PUSH,
                    "address": address,
                    "address_hash": digest,
                    "p256dh": p256dh,
                    "auth": auth,
                    "label": subscription.label,
                    "status": "active",
                    "reason": None,
                    "created_at": tx.now,
                    "updated_at": tx.now,
                },
            )
            await endpoints.keep_newest(tx.connection, user_id, MOST_DEVICES)
            await gathering.plan_anew(tx.connection, user_id)
            found = await endpoints.of_user(tx.connection, user_id)
        return next(_device(row) for row in found if row.address_hash == digest)

    async def of(self, user_id: str) -> list[Device]:
        """The person's devices that work, newest first."""
        async with self._database.read_one() as connection:
            return [_device(row) for row in await endpoints.of_user(connection, user_id)]

    async def remove(self, user_id: str, *, device_id: str | None = None, endpoint: str | None = None) -> bool:
        """Forgets one of the person's devices, by its id or by its endpoint. Whether it was there."""
        digest = None if endpoint is None else address_hash(endpoint)
        async with self._database.begin() as tx:
            return await endpoints.remove(tx.connection, user_id, endpoint_id=device_id, address_hash=digest)


def _device(row: Any) -> Device:
    return Device(id=row.id, label=row.label, created_at=rfc3339(row.created_at))


def _checked(subscription: Subscription) -> tuple[str, str, str]:
    try:
        check_endpoint(subscription.endpoint)
    except ValueError as error:
        raise RequestInvalid({"field": "endpoint", "reason": str(error)}) from None
    point = _decoded("keys.p256dh", subscription.p256dh)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise RequestInvalid({"field": "keys.p256dh", "reason": "it is no point of P-256"}) from None
    secret = _decoded("keys.auth", subscription.auth)
    if len(secret) != SECRET_BYTES:
        raise RequestInvalid({"field": "keys.auth", "reason": f"it has not {SECRET_BYTES} bytes"})
    return subscription.endpoint, _encoded(point), _encoded(secret)


def _decoded(field: str, text: str) -> bytes:
    """Browsers leave base64's padding out, and some libraries do not."""
    try:
        bare = text.rstrip("=").encode("ascii")
        found = urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))
    except ValueError:
        raise RequestInvalid({"field": field, "reason": "it is no base64url"}) from None
    return found


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
