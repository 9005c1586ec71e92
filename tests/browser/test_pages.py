"""The pages on a phone, in three languages, with the keyboard; the API reference and the captured e-mails."""

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from tests.browser.page import Window
from tests.processes import HubProcess

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
FIRST_LOAD_LIMIT = 60_000
"""Bytes over the wire for the chat page's first load, gzipped."""


@pytest.mark.parametrize(("language", "placeholder"), [("en", "Write"), ("fr", "crivez"), ("ht", "Ekri")])
async def test_the_page_speaks_the_language(
    chromium: Browser, demo: HubProcess, language: str, placeholder: str
) -> None:
    window = await (await Window.open(chromium, f"{demo.base}/?as=fan&lang={language}")).open_conversation()
    shown = await window.by("composer-input").get_attribute("placeholder")
    assert placeholder in (shown or "")
    assert await window.page.locator("html").get_attribute("lang") == language
    assert window.errors == []


async def test_a_phone_shows_the_list_or_the_chat(chromium: Browser, demo: HubProcess) -> None:
    window = await (await Window.open(chromium, f"{demo.base}/?as=fan", **PHONE)).open_conversation()
    await expect(window.by("conversation-item")).not_to_be_visible()
    width = await window.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page scrolls sideways"
    await window.by("back-button").click()
    await expect(window.by("conversation-item")).to_be_visible()


async def test_the_keyboard_is_enough(fan: Window, creator: Window) -> None:
    await fan.by("composer-input").focus()
    await fan.page.keyboard.type("line one")
    await fan.page.keyboard.press("Shift+Enter")
    await fan.page.keyboard.type("line two")
    await fan.page.keyboard.press("Enter")
    await expect(creator.by("message-body").last).to_contain_text("line two")
    await expect(fan.by("composer-input")).to_be_focused()

    await fan.page.keyboard.press("ArrowUp")
    await expect(fan.by("composer-input")).to_have_value("line one\nline two")
    await fan.page.keyboard.press("Escape")
    await expect(fan.by("composer-input")).to_have_value("")


async def test_a_screen_reader_finds_its_way(fan: Window) -> None:
    log = fan.page.get_by_role("log")
    await expect(log).to_have_count(1)
    for landmark in ("main", "navigation"):
        assert await fan.page.get_by_role(landmark).count() >= 1, landmark  # type: ignore[arg-type]
    nameless = await fan.page.evaluate(
        "[...document.querySelectorAll('button, input, textarea, select, a')]"
        ".filter(e => e.offsetParent && !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length"
        " || e.getAttribute('aria-labelledby') || e.title)).map(e => e.outerHTML)"
    )
    assert nameless == []


async def test_a_closed_conversation_says_so(demo: HubProcess, fan: Window) -> None:
    async with aiohttp.ClientSession() as session:
        conversation_id = await fan.by("conversation-item").first.get_attribute("data-conversation-id")
        token = demo.token("platform", "service")
        url = f"{demo.base}/api/v1/conversations/{conversation_id}/close"
        async with session.post(url, json={}, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200
    await expect(fan.by("closed-banner")).to_be_visible()
    await expect(fan.by("composer-input")).to_have_count(0)


async def test_the_unread_message_becomes_an_e_mail_to_look_at(chromium: Browser, demo: HubProcess) -> None:
    window = await Window.open(chromium, f"{demo.base}/deliveries.html")
    await expect(window.page.get_by_text("New message from Mirlande Baptiste").first).to_be_visible()
    assert window.errors == []


async def test_the_api_reference_lists_routes_and_events(chromium: Browser, demo: HubProcess) -> None:
    window = await Window.open(chromium, f"{demo.base}/api.html")
    await expect(window.page.get_by_text("/api/v1/conversations", exact=True).first).to_be_visible()
    await expect(window.page.get_by_text("message.send", exact=True).first).to_be_visible()
    assert window.errors == []


async def test_the_first_load_is_small(chromium: Browser, demo: HubProcess) -> None:
    window = await Window.open(chromium, "about:blank")
    session = await window.context.new_cdp_session(window.page)
    await session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    await window.page.goto(f"{demo.base}/?as=fan", wait_until="networkidle")
    assert 0 < sum(sizes) < FIRST_LOAD_LIMIT
