"""Two people in two browsers."""

from playwright.async_api import Browser, expect

from tests.browser.page import SEEDED, Window
from tests.processes import HubProcess


async def test_two_people_chat_and_see_what_the_other_has_read(fan: Window, creator: Window) -> None:
    await fan.say("Could you also say her nickname?")
    await creator.says("Could you also say her nickname?")
    await fan.state_of("Could you also say her nickname?", "delivered", "read")

    await creator.say("Of course. What is it?")
    await fan.says("Of course. What is it?")
    await creator.page.bring_to_front()
    await expect(creator.by("presence").first).to_have_attribute("data-status", "online")
    assert fan.errors == creator.errors == []


async def test_typing_shows_on_the_other_side_and_goes_away(fan: Window, creator: Window) -> None:
    await creator.type("I am think")
    await expect(fan.by("typing-indicator")).to_be_visible()
    await creator.by("composer-input").press("Enter")
    await fan.says("I am think")
    await expect(fan.by("typing-indicator")).not_to_be_visible()


async def test_a_reload_keeps_everything(fan: Window, creator: Window) -> None:
    for number in range(3):
        await fan.say(f"before the reload {number}")
    await fan.state_of("before the reload 2", "sent", "delivered", "read")
    before = await fan.bodies()

    await fan.page.reload()
    await fan.open_conversation()

    await fan.says("before the reload 2")
    assert await fan.bodies() == before
    await creator.say("and after it")
    await fan.says("and after it")


async def test_messages_written_offline_are_sent_later_in_order_once(fan: Window, creator: Window) -> None:
    await fan.context.set_offline(True)
    for number in range(3):
        await fan.say(f"from the tunnel {number}")
    await fan.state_of("from the tunnel 0", "sending")
    await creator.say("are you there?")

    await fan.context.set_offline(False)

    await fan.says("are you there?")
    for number in range(3):
        await creator.says(f"from the tunnel {number}")
    await fan.state_of("from the tunnel 2", "sent", "delivered", "read")
    texts = [body for _, body in await creator.bodies()]
    assert [each for each in texts if each.startswith("from the tunnel")] == [f"from the tunnel {n}" for n in range(3)]


async def test_a_message_written_offline_survives_a_reload(demo: HubProcess, fan: Window, creator: Window) -> None:
    await demo.kill()
    await fan.say("written while the server was away")
    await fan.state_of("written while the server was away", "sending")
    await demo.start()

    await fan.page.reload()
    await fan.open_conversation()

    await fan.state_of("written while the server was away", "sent", "delivered", "read")
    await creator.says("written while the server was away")


async def test_reply_react_edit_and_delete_reach_the_other_side(fan: Window, creator: Window) -> None:
    await fan.say("the first version")
    mine = fan.message("the first version")
    await fan.state_of("the first version", "sent", "delivered", "read")
    await mine.hover()
    await mine.get_by_test_id("edit-button").click()
    await expect(fan.by("composer-input")).to_have_value("the first version")
    await fan.by("composer-input").fill("the second version")
    await fan.by("composer-input").press("Enter")
    await creator.says("the second version")

    theirs = creator.message("the second version")
    await theirs.hover()
    await theirs.get_by_test_id("reply-button").click()
    await creator.say("a reply")
    await fan.says("a reply")

    await theirs.hover()
    await theirs.get_by_test_id("react-button").click()
    await creator.by("emoji").first.click()
    await expect(fan.message("the second version").get_by_test_id("reaction")).to_have_count(1)

    await fan.message("the second version").hover()
    await fan.message("the second version").get_by_test_id("delete-button").click()
    await fan.by("delete-confirm").click()
    await expect(creator.message("the second version")).to_have_count(0)


async def test_an_unread_badge_counts_and_clears(chromium: Browser, demo: HubProcess, creator: Window) -> None:
    list_only = await Window.open(chromium, f"{demo.base}/?as=fan")
    await expect(list_only.by("unread-badge").first).to_have_attribute("data-count", "1")

    await creator.say("one more")
    await expect(list_only.by("unread-badge").first).to_have_attribute("data-count", "2")
    await list_only.open_conversation()

    await list_only.says("one more")
    await creator.state_of("one more", "read")
    await expect(list_only.by("unread-badge")).to_have_count(0)
    assert len(await list_only.bodies()) == SEEDED + 1
