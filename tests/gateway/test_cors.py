"""Other origins: nobody is let in unless the operator names them."""

from typing import Any

import aiohttp

from tests.conftest import make_settings
from tests.running import RunningHub

ORIGIN = "https://shop.example"


async def headers(hub: RunningHub, method: str, path: str, origin: str = ORIGIN) -> tuple[int, dict[str, str]]:
    ask = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    async with aiohttp.ClientSession() as http, http.request(method, hub.base + path, headers=ask) as response:
        prefix = "Access-Control-"
        return response.status, {k.removeprefix(prefix): v for k, v in response.headers.items() if k.startswith(prefix)}


async def test_other_origins_get_no_permission_by_default(edge: RunningHub) -> None:
    assert await headers(edge, "OPTIONS", "/api/v1/me") == (405, {})
    assert await headers(edge, "GET", "/api/v1/me") == (401, {})
    status, allowed = await headers(edge, "GET", "/socket.io/?EIO=4&transport=polling")
    assert (status, allowed.get("Allow-Origin")) == (403, None)


async def test_named_origins_get_permission_also_to_read_errors(sqlite_url: str, start_hub: Any) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url, cors_origins=f"{ORIGIN}, https://other.example"))

    status, allowed = await headers(hub, "OPTIONS", "/api/v1/me")
    assert (status, allowed["Allow-Origin"]) == (204, ORIGIN)
    assert "PUT" in allowed["Allow-Methods"]
    assert {"Authorization", "Idempotency-Key"} <= set(allowed["Allow-Headers"].split(", "))
    assert await headers(hub, "GET", "/api/v1/me") == (401, {"Allow-Origin": ORIGIN})
    assert (await headers(hub, "GET", "/socket.io/?EIO=4&transport=polling"))[0] == 200
    assert await headers(hub, "GET", "/api/v1/me", "https://evil.example") == (401, {})
    assert (await headers(hub, "GET", "/socket.io/?EIO=4&transport=polling", "https://evil.example"))[0] == 403
