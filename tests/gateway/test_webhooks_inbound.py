"""What people write by SMS and WhatsApp: an answer becomes a message in the conversation; STOP and START are obeyed."""

from typing import Any

import pytest
from sqlalchemy import select

from persistence.preferences import preference
from persistence.suppressions import address_hash, contact_window
from tests.gateway.test_webhooks import PHONE, Providers, providers
from tests.running import RunningHub

__all__ = ["providers"]


async def chat(providers: Providers) -> str:
    """A conversation of the fan, who has the phone, with the creator."""
    hub = providers.hub
    conversation_id = await hub.order_chat()
    await hub.user("fan", email="fan@example.com", phone=PHONE)
    return conversation_id


async def tell(providers: Providers, conversation_id: str, **values: Any) -> str:
    """The fan was told of a message there by SMS; the delivery's id."""
    notification_id = await providers.told.notification(category="messages", conversation_id=conversation_id)
    values = {
        "channel": "sms",
        "conversation_id": conversation_id,
        "sent_at": providers.hub.hub.services.clock.now(),
        **values,
    }
    return await providers.told.delivery(notification_id, "delivered", **values)


async def bodies(hub: RunningHub, conversation_id: str) -> list[tuple[str, str]]:
    token = hub.token("creator", "creator")
    data = await hub.ok("GET", f"/api/v1/conversations/{conversation_id}/messages", token=token)
    return [(each["sender_id"], each["body"]) for each in data["messages"]]


async def choices(providers: Providers) -> dict[tuple[str, str], bool]:
    async with providers.hub.hub.database.read() as connection:
        return {(row.scope, row.channel): row.allowed for row in await connection.execute(select(preference))}


async def test_an_answer_by_sms_is_a_message_in_the_conversation_once(providers: Providers) -> None:
    conversation_id = await chat(providers)
    delivery_id = await tell(providers, conversation_id)
    call = providers.twilio.inbound(providers.url("twilio"), PHONE, "  Wi, mèsi!  ")

    assert await providers.post(call, call, call) == [204] * 3

    assert await bodies(providers.hub, conversation_id) == [("fan", "Wi, mèsi!")]
    assert (await providers.told.notified(delivery_id)).replied_at is not None


async def test_an_answer_goes_where_the_answered_message_was_about(providers: Providers) -> None:
    first, second = await chat(providers), await chat(providers)
    await tell(providers, first, provider_id="SMfirst")
    await tell(providers, second, provider_id="SMsecond")
    to_first = providers.twilio.inbound(providers.url("twilio"), PHONE, "to the first", reply_to="SMfirst")
    to_last = providers.twilio.inbound(providers.url("twilio"), PHONE, "to the last")

    await providers.post(to_first, to_last)

    assert await bodies(providers.hub, first) == [("fan", "to the first")]
    assert await bodies(providers.hub, second) == [("fan", "to the last")]


async def test_a_repeat_goes_where_it_went_before_whatever_was_told_since(providers: Providers) -> None:
    first, second = await chat(providers), await chat(providers)
    await tell(providers, first)
    call = providers.twilio.inbound(providers.url("twilio"), PHONE, "yes")
    await providers.post(call)
    await tell(providers, second)
    await providers.post(call)
    assert await bodies(providers.hub, first) == [("fan", "yes")]
    assert await bodies(providers.hub, second) == []


async def test_an_answer_by_whatsapp_opens_the_window_and_is_a_message(providers: Providers) -> None:
    conversation_id = await chat(providers)
    await tell(providers, conversation_id, channel="whatsapp", provider_id="wamid.1")
    url = providers.url("whatsapp")
    call = providers.whatsapp.inbound(url, PHONE[1:], reply_to="wamid.1", text={"body": "On my way"})
    assert await providers.post(call) == [200]
    assert await bodies(providers.hub, conversation_id) == [("fan", "On my way")]
    async with providers.hub.hub.database.read() as connection:
        (window,) = (await connection.execute(select(contact_window))).all()
    assert (window.channel, window.address_hash) == ("whatsapp", address_hash(PHONE))


async def test_nobody_answers_for_another_person(providers: Providers) -> None:
    conversation_id = await chat(providers)
    await tell(providers, conversation_id, provider_id="SM1")
    call = providers.twilio.inbound(providers.url("twilio"), "+50934999999", "let me in", reply_to="SM1")
    assert await providers.post(call) == [204]
    assert await bodies(providers.hub, conversation_id) == []
    assert await providers.facts() == 1, "it is kept all the same"


async def test_an_answer_to_nothing_and_one_into_a_closed_conversation_are_no_error(providers: Providers) -> None:
    conversation_id = await chat(providers)
    twilio, url = providers.twilio, providers.url("twilio")
    assert await providers.post(twilio.inbound(url, PHONE, "hello?")) == [204]
    await tell(providers, conversation_id)
    await providers.hub.ok("POST", f"/api/v1/conversations/{conversation_id}/close", {"reason": "order_completed"})
    assert await providers.post(twilio.inbound(url, PHONE, "too late")) == [204]
    assert await bodies(providers.hub, conversation_id) == []


@pytest.mark.parametrize("text", ["", "   ", "\0", "é" * 20_000])
async def test_odd_texts_are_no_error(providers: Providers, text: str) -> None:
    conversation_id = await chat(providers)
    await tell(providers, conversation_id)
    assert await providers.post(providers.twilio.inbound(providers.url("twilio"), PHONE, text)) == [204]
    kept = await bodies(providers.hub, conversation_id)
    assert kept == ([("fan", "é" * 4_096)] if len(text) > 10 else [])


async def test_stop_ends_the_channel_and_start_brings_it_back(providers: Providers) -> None:
    conversation_id = await chat(providers)
    await tell(providers, conversation_id)
    twilio, url = providers.twilio, providers.url("twilio")
    stop = twilio.inbound(url, PHONE, "Arrêt!")

    assert await providers.post(stop) == [204]
    assert await providers.told.suppressions() == [("sms", "all", "stop")]
    assert await choices(providers) == {("all", "sms"): False}

    assert await providers.post(twilio.inbound(url, PHONE, "start"), stop) == [204, 204]
    assert await providers.told.suppressions() == [], "a repeat of the old STOP is no new one"
    assert await choices(providers) == {}
    assert await bodies(providers.hub, conversation_id) == [], "these words are for us, and not for the creator"
