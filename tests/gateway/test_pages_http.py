"""The pages over HTTP: what a browser without scripts can do, and the headers that keep pages safe."""

import aiohttp
import pytest

from hub.gateway.pages import FILES, PAGES
from tests.running import RunningHub

MINE = "/api/v1/me/preferences"


async def post(hub: RunningHub, token: str | None) -> tuple[int, str]:
    query = {} if token is None else {"token": token}
    async with aiohttp.ClientSession() as http, http.post(f"{hub.base}/unsubscribe.html", params=query) as answer:
        return answer.status, await answer.text()


async def test_a_form_without_scripts_unsubscribes(edge: RunningHub) -> None:
    await edge.user("fan")
    token = edge.hub.services.unsubscriber.make("fan", "email", "orders")

    status, text = await post(edge, token)

    assert (status, "You are unsubscribed." in text) == (200, True)
    told = await edge.ok("GET", MINE, token=edge.token("fan", "fan"))
    shown = {each["category"]: each["channels"] for each in told["categories"]}
    assert (shown["orders"]["email"], shown["reviews"]["email"]) == (False, True)


@pytest.mark.parametrize("token", [None, "", "none", "é" * 100, "A" * 4_000, "<script>alert(1)</script>"])
async def test_a_form_with_a_broken_link_is_told_so(edge: RunningHub, token: str | None) -> None:
    status, text = await post(edge, token)

    assert 400 <= status < 500
    assert text.startswith("This link does not work.")
    assert "script" not in text


@pytest.mark.parametrize("path", [*PAGES, *FILES])
async def test_every_page_and_file_is_served_or_says_how_to_build_it(edge: RunningHub, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(edge.base + path) as answer:
        text = await answer.read()
        assert answer.status == 200 or (answer.status, b"make pages" in text) == (503, True)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.status == 200:
            assert answer.headers["Cache-Control"] == "no-cache"
            policy = answer.headers.get("Content-Security-Policy", "")
            assert (answer.content_type == "text/html") == ("worker-src 'self'" in policy)
            assert "script-src" not in policy, "scripts fall under default-src 'self', which allows none inline"
