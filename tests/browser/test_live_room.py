"""A live room in two browsers: a viewer follows a link, the host finds it in their list."""

import aiohttp
from playwright.async_api import Browser, expect

from tests.browser.page import Window
from tests.processes import HubProcess


async def _room(demo: HubProcess, host: str, kind: str) -> str:
    headers = {"Authorization": f"Bearer {demo.token('platform', 'service')}"}
    body = {"kind": kind, "title": "Opening night", "members": [{"user_id": host, "role": "creator"}]}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{demo.base}/api/v1/conversations", json=body) as response,
    ):
        return str((await response.json())["data"]["conversation"]["id"])


async def _host_of(demo: HubProcess) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{demo.base}/api/v1/dev/personas") as response:
        people = (await response.json())["data"]["personas"]
    return str(next(each["user_id"] for each in people if each["role"] == "creator"))


async def test_a_viewer_and_the_host_talk_and_see_how_many_watch(chromium: Browser, demo: HubProcess) -> None:
    live = await _room(demo, await _host_of(demo), "live")
    fan, creator = [
        await Window.open(chromium, f"{demo.base}/?as={who}&conversation={live}") for who in ("fan", "creator")
    ]

    for window in (fan, creator):
        await expect(window.by("composer-input")).to_be_visible()
        await expect(window.by("viewers")).to_have_text("2 people watching")
        await expect(window.page.get_by_role("heading", name="Opening night").first).to_be_visible()
    await fan.say("Bonswa!")
    await creator.says("Bonswa!")
    await creator.say("Welcome, all of you.")
    await fan.says("Welcome, all of you.")
    own = fan.message("Bonswa!")
    await own.hover()
    await expect(own.get_by_test_id("delete-button")).to_be_visible()
    await expect(own.get_by_test_id("edit-button")).to_have_count(0)  # only hosts edit
    assert fan.errors == creator.errors == []


async def test_viewers_read_an_announcement(chromium: Browser, demo: HubProcess) -> None:
    news = await _room(demo, await _host_of(demo), "announcement")
    fan, creator = [
        await Window.open(chromium, f"{demo.base}/?as={who}&conversation={news}") for who in ("fan", "creator")
    ]

    await expect(fan.by("closed-banner")).to_have_text("Only the hosts write here.")
    await expect(creator.by("composer-input")).to_be_visible()
    await creator.say("We open at eight.")
    await fan.says("We open at eight.")
    assert fan.errors == creator.errors == []
