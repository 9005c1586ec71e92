"""People who talk to a hub in other processes."""

from typing import Any

import aiohttp


async def order_chat(base: str, token: str, fan: str = "fan", creator: str = "creator") -> str:
    """The id of a new order conversation between two people, made over HTTP by the platform's service."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        for user_id in (fan, creator):
            await _ok(http.put(f"{base}/api/v1/users/{user_id}", json={"display_name": user_id.title()}))
        members = [{"user_id": fan, "role": "fan"}, {"user_id": creator, "role": "creator"}]
        made = await _ok(http.post(f"{base}/api/v1/conversations", json={"kind": "order", "members": members}))
    return str(made["conversation"]["id"])


async def _ok(request: Any) -> Any:
    async with request as response:
        answer = await response.json()
        assert response.status < 400, answer
        return answer["data"]
