"""Notifications as people see them: bell and inbox, preferences, unsubscribing, the trace, captured deliveries."""

import re
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.page import Window
from tests.processes import HubProcess

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
PAGES = (
    "/preferences.html?as=fan",
    "/deliveries.html?as=fan",
    "/unsubscribe.html?token=none",
    "/trace.html?as=fan&id=x",
)
NAMELESS = (
    "[...document.querySelectorAll('button, input, textarea, select, a')]"
    ".filter(e => e.offsetParent && !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length"
    " || e.getAttribute('aria-labelledby') || e.title)).map(e => e.outerHTML)"
)


async def tell(demo: HubProcess, event: str, *recipients: str, **data: Any) -> None:
    """A service posts an event."""
    headers = {"Authorization": f"Bearer {demo.token('shop', 'service')}"}
    body = {"type": event, "recipients": recipients, "data": data}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{demo.base}/api/v1/events", json=body, headers=headers) as answer,
    ):
        assert answer.status in {200, 201, 202}, await answer.text()


async def captured(demo: HubProcess, page: Page, channel: str, text: str) -> None:
    """The page of captured deliveries shows, among those of a channel, one with this text."""
    await page.goto(f"{demo.base}/deliveries.html?channel={channel}")
    await page.get_by_test_id("delivery").filter(has_text=text).first.click()


async def unsubscribe_path(reader: Window) -> str:
    """Where the link in the shown e-mail leads: the demo's public address may be another one than the test's."""
    await reader.by("plain").click()
    text = await reader.by("delivery-text").text_content() or ""
    found = re.search(r"/unsubscribe\.html\?token=\S+", text)
    assert found is not None, text
    return found[0]


async def test_the_badge_goes_out_on_every_device_when_one_has_looked(chromium: Browser, demo: HubProcess) -> None:
    laptop = await Window.open(chromium, f"{demo.base}/?as=fan")
    phone = await Window.open(chromium, f"{demo.base}/?as=fan", **PHONE)
    for window in (laptop, phone):
        await window.online()
    await tell(demo, "payment.settled", "demo-fan", order_id="VM-1042", amount=4_500, currency="USD")
    for window in (laptop, phone):
        await expect(window.by("bell")).to_have_attribute("data-count", re.compile("^[1-9]"))

    await phone.by("bell").click()
    await expect(phone.by("notification").first).to_contain_text("$45.00")
    for window in (laptop, phone):
        await expect(window.by("bell")).to_have_attribute("data-count", "0")

    await tell(demo, "refund.issued", "demo-fan", order_id="VM-1042", amount=1_500, currency="USD")
    await expect(phone.by("notification").first).to_contain_text("$15.00")
    await expect(laptop.page.get_by_role("log").filter(has_text="Notification: Refund")).to_have_count(1)
    assert laptop.errors == phone.errors == []


async def test_an_entry_is_read_archived_brought_back_and_snoozed(chromium: Browser, demo: HubProcess) -> None:
    fan = await Window.open(chromium, f"{demo.base}/?as=fan")
    await fan.online()
    await tell(demo, "payment.settled", "demo-fan", order_id="VM-1042", amount=4_500, currency="USD")
    await fan.by("bell").click()
    entry = fan.by("notification").filter(has_text="$45.00")
    await expect(entry).to_have_attribute("data-unread", "true")

    await entry.get_by_test_id("notification-menu").click()
    await fan.by("notification-read").click()
    await expect(entry).to_have_attribute("data-unread", "false")
    await entry.get_by_test_id("notification-menu").click()
    await fan.by("notification-archive").click()
    await expect(entry).to_have_count(0)
    await fan.by("inbox-archived").click()
    await expect(entry).to_have_count(1)
    await fan.by("note-undo").click()
    await fan.by("inbox-all").click()
    await expect(entry).to_have_count(1)

    await entry.get_by_test_id("notification-menu").click()
    await fan.by("snooze.tomorrow").click()
    await expect(entry).to_have_count(0)
    await fan.by("inbox-snoozed").click()
    await expect(entry).to_contain_text("Back tomorrow")


async def test_the_inbox_works_by_keyboard_and_gives_the_focus_back(chromium: Browser, demo: HubProcess) -> None:
    fan = await Window.open(chromium, f"{demo.base}/?as=fan")
    await fan.online()
    await fan.by("bell").focus()
    await fan.page.keyboard.press("Enter")
    await expect(fan.by("notification").first).to_be_visible()
    await fan.page.keyboard.press("ArrowDown")
    await expect(fan.by("notification-open").first).to_be_focused()
    await fan.page.keyboard.press("ArrowDown")
    await expect(fan.by("notification-open").nth(1)).to_be_focused()
    assert await fan.page.evaluate(NAMELESS) == []
    await fan.page.keyboard.press("Escape")
    await expect(fan.by("inbox")).to_have_count(0)
    await expect(fan.by("bell")).to_be_focused()

    await fan.page.keyboard.press("Enter")
    await expect(fan.by("notification").first).to_be_visible()
    await fan.page.keyboard.press("ArrowDown")
    await fan.page.keyboard.press("Enter")
    await expect(fan.by("composer-input")).to_be_visible()
    await expect(fan.by("inbox")).to_have_count(0)


async def test_preferences_are_saved_kept_and_taken_back(chromium: Browser, demo: HubProcess) -> None:
    fan = await Window.open(chromium, f"{demo.base}/?as=fan")
    await fan.by("preferences-link").click()
    email = fan.by("switch-orders-email")
    await expect(email).to_be_checked()
    await expect(fan.by("switch-security-email")).to_be_disabled()
    await email.click()
    await expect(fan.by("snack-undo")).to_be_visible()
    await fan.page.reload()
    await expect(email).not_to_be_checked()

    await fan.by("switch-orders-push").click()
    await expect(fan.by("switch-orders-push")).not_to_be_checked()
    await fan.by("snack-undo").click()
    await expect(fan.by("switch-orders-push")).to_be_checked()

    await fan.by("quiet-on").click()
    await expect(fan.by("quiet-start")).to_have_value("22:00")
    await fan.by("quiet-start").fill("21:30")
    await fan.by("quiet-end").fill("06:15")
    await fan.by("quiet-end").blur()
    async with fan.page.expect_response(lambda answer: "Port-au-Prince" in (answer.request.post_data or "")):
        await fan.by("time-zone").select_option("America/Port-au-Prince")
    await fan.page.reload()
    await expect(fan.by("quiet-start")).to_have_value("21:30")
    await expect(fan.by("quiet-end")).to_have_value("06:15")
    await expect(fan.by("time-zone")).to_have_value("America/Port-au-Prince")
    assert fan.errors == []


async def test_the_language_of_notifications_is_chosen_on_the_page(chromium: Browser, demo: HubProcess) -> None:
    fan = await Window.open(chromium, f"{demo.base}/preferences.html?as=fan")
    await fan.by("locale").select_option("ht")
    await expect(fan.page.locator("html")).to_have_attribute("lang", "ht")
    await expect(fan.by("snack")).to_be_visible()
    await tell(demo, "payment.settled", "demo-fan", order_id="VM-77", amount=4_500, currency="USD")
    await fan.page.goto(f"{demo.base}/?as=fan")
    await fan.by("bell").click()
    await expect(fan.by("notification").first).to_contain_text("kòmand VM-77")


async def test_a_muted_conversation_is_listed_and_unmuted(chromium: Browser, demo: HubProcess) -> None:
    fan = await Window.open(chromium, f"{demo.base}/?as=fan")
    await fan.online()
    await fan.by("bell").click()
    entry = fan.by("notification").filter(has_text="Mirlande").first
    await entry.get_by_test_id("notification-menu").click()
    await fan.by("notification-mute").click()
    await expect(fan.by("note-undo")).to_be_visible()
    await fan.by("inbox-settings").click()
    await expect(fan.by("muted")).to_contain_text("Birthday video")
    await fan.by("unmute").click()
    await expect(fan.by("muted")).to_have_count(0)


async def test_a_device_is_listed_and_removed(chromium: Browser, demo: HubProcess) -> None:
    fan = await Window.open(chromium, f"{demo.base}/preferences.html?as=fan")
    await expect(fan.by("device")).to_contain_text("Sandbox phone")
    await fan.by("device-remove").click()
    await expect(fan.by("device")).to_have_count(0)
    await expect(fan.by("missing")).to_contain_text("Push")


async def test_unsubscribing_says_what_stops_and_can_be_undone(chromium: Browser, demo: HubProcess) -> None:
    reader = await Window.open(chromium, "about:blank")
    await captured(demo, reader.page, "email", "New message from Mirlande Baptiste")
    link = demo.base + await unsubscribe_path(reader)

    await reader.page.goto(link)
    await expect(reader.by("unsubscribe")).to_contain_text("“Messages” e-mails at j***@example.com")
    await reader.by("unsubscribe-button").click()
    await expect(reader.by("unsubscribe")).to_have_attribute("data-stage", "done")
    await reader.page.goto(f"{demo.base}/preferences.html?as=fan")
    await expect(reader.by("switch-messages-email")).not_to_be_checked()

    await reader.page.goto(link)
    await reader.by("unsubscribe-undo").click()
    await expect(reader.by("unsubscribe")).to_have_attribute("data-stage", "undone")
    await reader.page.goto(f"{demo.base}/preferences.html?as=fan")
    await expect(reader.by("switch-messages-email")).to_be_checked()
    assert reader.errors == []


async def test_reading_in_time_cancels_the_push_and_the_trace_says_so(
    chromium: Browser, demo: HubProcess, creator: Window
) -> None:
    fan = await Window.open(chromium, f"{demo.base}/?as=fan")
    await fan.open_conversation()
    await fan.page.goto(f"{demo.base}/preferences.html?as=fan")  # not looking at the conversation
    await creator.say("Which colour should the balloons be?")
    await fan.page.goto(f"{demo.base}/?as=fan")
    await fan.by("bell").click()
    entry = fan.by("notification").first
    await expect(entry).to_have_attribute("data-unread", "true")
    await entry.get_by_test_id("notification-menu").click()
    trace = await fan.by("notification-why").get_attribute("href")
    await entry.get_by_test_id("notification-open").click()
    await fan.says("Which colour should the balloons be?")

    await fan.page.goto(f"{demo.base}{trace}")
    push = fan.page.locator("[data-testid=rung][data-channel=push]")
    await expect(push.get_by_test_id("trace-delivery")).to_have_attribute("data-state", "cancelled")
    await expect(push).to_contain_text("You had read it already.")
    await expect(fan.by("mark-read")).to_be_visible()
    await expect(fan.by("picture")).to_be_visible()
    assert fan.errors == []


async def test_captured_deliveries_are_shown_as_their_readers_see_them(chromium: Browser, demo: HubProcess) -> None:
    window = await Window.open(chromium, f"{demo.base}/deliveries.html")
    await expect(window.by("delivery").first).to_be_visible()
    await tell(demo, "ppv.received", "demo-fan", price=500, currency="USD")
    await window.by("channel-push").click()
    await expect(window.by("push-card")).to_contain_text("$5.00")
    await expect(window.by("facts")).to_contain_text("high")

    await window.by("person-filter").select_option("demo-creator")
    await window.by("channel-email").click()
    await expect(window.by("delivery-view").get_by_role("heading").first).to_have_text("Mirlande Baptiste")
    frame = window.page.frame_locator("[data-testid=delivery-html]")
    await expect(frame.locator("body")).to_contain_text("Birthday video")
    await window.page.reload()
    await expect(window.by("channel-email")).to_have_attribute("aria-pressed", "true")

    await window.by("trace-link").click()
    await expect(window.by("rung").first).to_contain_text("E-mail")
    assert window.errors == []


@pytest.mark.parametrize("language", ["en", "fr", "ht"])
async def test_the_pages_fit_a_phone_in_every_language(chromium: Browser, demo: HubProcess, language: str) -> None:
    window = await Window.open(chromium, "about:blank", color_scheme="dark", **PHONE)
    for path in PAGES:
        await window.page.goto(f"{demo.base}{path}&lang={language}", wait_until="networkidle")
        await expect(window.page.locator("html")).to_have_attribute("lang", language)
        await expect(window.page.locator("h1, h2").first).to_be_visible()
        width = await window.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{path} scrolls sideways"
        assert await window.page.evaluate(NAMELESS) == [], path
    assert window.errors == []


async def test_without_javascript_the_unsubscribe_page_has_a_form_that_works(
    chromium: Browser, demo: HubProcess
) -> None:
    reader = await Window.open(chromium, "about:blank")
    await captured(demo, reader.page, "email", "New message from Mirlande Baptiste")
    link = demo.base + await unsubscribe_path(reader)

    plain = await Window.open(chromium, link, java_script_enabled=False)
    await plain.page.get_by_role("button").click()
    await expect(plain.page.locator("body")).to_contain_text("Ou dezenskri.")

    await reader.page.goto(link)
    await expect(reader.by("unsubscribe")).to_have_attribute("data-stage", "done")


async def test_the_hub_can_be_installed_as_an_app(demo: HubProcess) -> None:
    async with aiohttp.ClientSession(demo.base) as session:
        async with session.get("/manifest.webmanifest") as answer:
            assert answer.content_type == "application/manifest+json"
            manifest = await answer.json(content_type=None)
        for icon in manifest["icons"]:
            async with session.get(icon["src"]) as answer:
                assert (answer.status, answer.content_type) == (200, icon["type"])
