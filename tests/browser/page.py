"""A browser window on the chat page, in the words of somebody who uses it."""

import re
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

PATIENCE_MS = 15_000
SEEDED = 4
"""Messages that the demo begins with."""

expect.set_options(timeout=PATIENCE_MS)


class Window:
    """One person's window; errors of the page are collected."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page = context, page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(PATIENCE_MS)

    @classmethod
    async def open(cls, browser: Browser, address: str, **options: Any) -> "Window":
        context = await browser.new_context(**options)
        window = cls(context, await context.new_page())
        await window.page.goto(address)
        return window

    def by(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    async def open_conversation(self) -> "Window":
        await self.by("conversation-item").first.click()
        await expect(self.by("composer-input")).to_be_visible()
        await self.online()
        return self

    async def online(self) -> None:
        await expect(self.by("connection-state")).to_have_attribute("data-state", "online")

    async def type(self, text: str) -> None:
        await self.by("composer-input").press_sequentially(text)

    async def say(self, text: str) -> Locator:
        """Sends a message; the locator of its bubble."""
        await self.by("composer-input").fill(text)
        await self.by("composer-input").press("Enter")
        return self.message(text)

    def message(self, text: str) -> Locator:
        body = self.by("message-body").filter(has_text=re.compile(f"^{re.escape(text)}$"))
        return self.by("message").filter(has=body)

    async def says(self, text: str) -> None:
        """The message is shown, once."""
        await expect(self.message(text)).to_have_count(1)

    async def state_of(self, text: str, *states: str) -> None:
        pattern = "|".join(states)
        await expect(self.message(text)).to_have_attribute("data-state", _exactly(pattern))

    async def bodies(self) -> list[tuple[str, str]]:
        """(number, text) of every message that is shown, in order."""
        shown = await self.by("message").evaluate_all(
            "items => items.map(item => [item.dataset.seq || '',"
            " item.querySelector('[data-testid=message-body]')?.textContent || ''])"
        )
        return [(seq, body) for seq, body in shown]


def _exactly(pattern: str) -> re.Pattern[str]:
    return re.compile(f"^({pattern})$")
