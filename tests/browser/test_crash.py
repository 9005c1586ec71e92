"""kill -9 in the middle of sending: whatever showed "sent" is there once, on both sides, in the same order."""

from playwright.async_api import expect

from tests.browser.page import Window
from tests.processes import HubProcess

EACH = 15


async def test_a_killed_server_loses_nothing_that_was_shown_as_sent(
    demo: HubProcess, fan: Window, creator: Window
) -> None:
    for number in range(EACH):
        await fan.say(f"fan {number}")
        await creator.say(f"creator {number}")
        if number == EACH // 2:
            await demo.kill()
    shown_as_sent = {body for window in (fan, creator) for body in await _sent(window)}
    await demo.start()

    for window in (fan, creator):
        await window.online()
        for number in range(EACH):
            await window.says(f"fan {number}")
            await window.says(f"creator {number}")
    await expect(fan.page.locator("[data-testid=message][data-state=sending]")).to_have_count(0)
    await expect(creator.page.locator("[data-testid=message][data-state=sending]")).to_have_count(0)

    theirs, mine = await creator.bodies(), await fan.bodies()
    assert mine == theirs
    assert [int(seq) for seq, _ in mine] == list(range(1, len(mine) + 1))
    assert shown_as_sent <= {body for _, body in mine}


async def _sent(window: Window) -> list[str]:
    safe = ", ".join(f"[data-state={state}]" for state in ("sent", "delivered", "read"))
    selector = f"[data-testid=message]:is({safe}) [data-testid=message-body]"
    return await window.page.locator(selector).all_text_contents()
