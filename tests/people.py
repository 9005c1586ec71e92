"""People who talk to a hub in other processes."""

from base64 import urlsafe_b64encode
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


async def order_chat(base: str, token: str, fan: str = "fan", creator: str = "creator") -> str:
    """The id of a new order conversation between two people, made over HTTP by the platform's service."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        for user_id in (fan, creator):
            await _ok(http.put(f"{base}/api/v1/users/{user_id}", json={"display_name": user_id.title()}))
        members = [{"user_id": fan, "role": "fan"}, {"user_id": creator, "role": "creator"}]
        made = await _ok(http.post(f"{base}/api/v1/conversations", json={"kind": "order", "members": members}))
    return str(made["conversation"]["id"])


def push_keys() -> dict[str, str]:
    """The keys of a push subscription, as a browser gives them."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "p256dh": urlsafe_b64encode(point).decode().rstrip("="),
        "auth": urlsafe_b64encode(bytes(15) + b"a").decode(),
    }


async def _ok(request: Any) -> Any:
    async with request as response:
        answer = await response.json()
        assert response.status < 400, answer
        return answer["data"]
