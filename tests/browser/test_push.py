"""The service worker: a push event, fired through DevTools, becomes a notification; a click leads to its page.

Chromium subscribes to push only with its vendor's servers, so the event comes from `ServiceWorker.deliverPushMessage`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Worker

from tests.browser.page import PATIENCE_MS
from tests.processes import HubProcess
from tests.running import PATIENCE

CONVERSATION, NOTIFICATION = "0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002"
READ = f"**/api/v1/me/notifications/{NOTIFICATION}/read"
MESSAGE = {
    "title": "Mirlande Baptiste",
    "body": "Videyo ou a pare 🎉",
    "tag": "conversation-1",
    "url": f"/?conversation={CONVERSATION}",
    "locale": "ht",
    "notification_id": NOTIFICATION,
    "badge": 3,
}
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({title, body, tag, lang, icon, data}) => ({title, body, tag, lang, icon, data}))"""
CLICK = """async () => {
    const [notification] = await self.registration.getNotifications();
    const event = new NotificationEvent("notificationclick", { notification });
    self.dispatchEvent(event);
}"""
HEAR = """() => { window.heard = new Promise((resolve) =>
    navigator.serviceWorker.addEventListener("message", ({ data }) => resolve(data), { once: true })); }"""
CHANGED = """() => self.dispatchEvent(
    Object.assign(new ExtendableEvent("pushsubscriptionchange"), { newSubscription: {} }))"""


class Device:
    """A browser whose page has registered the hub's service worker."""

    def __init__(self, page: Page, devtools: CDPSession, registration_id: str, worker: Worker) -> None:
        self.page, self.worker = page, worker
        self._devtools, self._registration_id = devtools, registration_id

    async def push(self, data: str) -> None:
        origin = str(await self.page.evaluate("location.origin"))
        wanted = {"origin": origin, "registrationId": self._registration_id, "data": data}
        await self._devtools.send("ServiceWorker.deliverPushMessage", wanted)

    async def shows(self, count: int) -> list[dict[str, Any]]:
        """What is shown, once it is as many."""
        return await self._until(lambda shown: len(shown) == count)

    async def bodies(self, *wanted: str) -> None:
        """Until exactly these are shown; one that is replaced may still be there a moment longer."""
        await self._until(lambda shown: sorted(each["body"] for each in shown) == sorted(wanted))

    async def _until(self, right: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        # Playwright's own waiting takes the promise of an async function for an answer.
        async with asyncio.timeout(PATIENCE):
            while True:
                shown = list(await self.page.evaluate(SHOWN))
                if right(shown):
                    return shown
                await asyncio.sleep(0.02)


@pytest.fixture
async def context(chromium: Browser, demo: HubProcess) -> AsyncIterator[BrowserContext]:
    made = await chromium.new_context()
    await made.grant_permissions(["notifications"], origin=demo.base)
    yield made
    await made.close()


@pytest.fixture
async def device(context: BrowserContext, demo: HubProcess) -> Device:
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{demo.base}/?as=fan")
    devtools = await context.new_cdp_session(page)
    registered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def seen(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if not registered.done():
                registered.set_result(each["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", seen)
    await devtools.send("ServiceWorker.enable")
    async with context.expect_event("serviceworker") as started:
        await page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)")
    return Device(page, devtools, await asyncio.wait_for(registered, PATIENCE), await started.value)


async def test_a_push_becomes_a_notification_in_the_persons_language(device: Device) -> None:
    await device.push(json.dumps(MESSAGE))

    [shown] = await device.shows(1)
    assert (shown["title"], shown["body"], shown["tag"]) == (MESSAGE["title"], MESSAGE["body"], MESSAGE["tag"])
    assert (shown["lang"], shown["icon"].rpartition("/")[2]) == ("ht", "icon-192.png")
    assert shown["data"] == {"url": MESSAGE["url"], "notification_id": MESSAGE["notification_id"]}


async def test_a_newer_push_about_the_same_replaces_the_older_one(device: Device) -> None:
    await device.push(json.dumps(MESSAGE))
    await device.shows(1)

    await device.push(json.dumps(MESSAGE | {"body": "2 mesaj"}))
    await device.push(json.dumps(MESSAGE | {"tag": "conversation-2", "body": "lòt"}))

    await device.bodies("2 mesaj", "lòt")


@pytest.mark.parametrize("data", ["", "not json", "null", "[]", '"text"', "{}"])
async def test_a_push_that_cannot_be_read_is_shown_all_the_same(device: Device, data: str) -> None:
    await device.push(data)

    [shown] = await device.shows(1)
    assert shown["title"] == "Creator Hub"


async def test_a_click_leads_the_open_page_to_the_conversation_and_marks_the_notification_as_read(
    device: Device,
) -> None:
    await device.push(json.dumps(MESSAGE))
    await device.shows(1)

    async with device.page.expect_request(READ):
        await device.worker.evaluate(CLICK)

    await device.page.wait_for_url(f"**/?as=fan#/c/{CONVERSATION}")
    await device.shows(0)


async def test_an_open_page_hears_that_the_browser_has_another_subscription(device: Device) -> None:
    await device.page.evaluate(HEAR)

    await device.worker.evaluate(CHANGED)

    assert await device.page.evaluate("window.heard") == {"type": "subscription-changed"}


async def test_a_page_that_a_click_has_opened_marks_the_notification_as_read(
    context: BrowserContext, demo: HubProcess
) -> None:
    page = await context.new_page()

    async with page.expect_request(READ):
        await page.goto(f"{demo.base}/?as=fan&notification={NOTIFICATION}")

    await page.wait_for_url("**/?as=fan")
