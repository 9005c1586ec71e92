"""Browser tests: a demo hub of their own and headless Chromium, driven by playwright. Skipped, visibly, without one."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from hub.gateway.pages import DIST
from tests.browser.page import Window
from tests.processes import HubProcess, hub_process

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses its sandbox to root
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = None
    if CHROMIUM is None:
        reason = "no Chromium on this machine (Debian: apt-get install chromium)"
    elif not (DIST / "index.html").is_file():
        reason = "the pages are not built (make pages)"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """`hub demo` on a fresh database, with short delays."""
    url = f"sqlite+aiosqlite:///{tmp_path}/demo.db"
    delays = {"HUB_UNREAD_EMAIL_SECONDS": "1", "HUB_PRESENCE_GRACE_SECONDS": "0.5"}
    async with hub_process(url, ("demo",), **delays) as hub:
        yield hub
        assert "Traceback" not in hub.logged()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def fan(chromium: Browser, demo: HubProcess) -> Window:
    """The fan's window, with the order's conversation open."""
    return await (await Window.open(chromium, f"{demo.base}/?as=fan")).open_conversation()


@pytest.fixture
async def creator(chromium: Browser, demo: HubProcess) -> Window:
    """The creator's window, with the order's conversation open."""
    return await (await Window.open(chromium, f"{demo.base}/?as=creator")).open_conversation()
