"""Web Push against a stateful push service that decrypts with the browser's key and checks every header."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import pytest

from hub.channels.base import Accepted, Gone, Rejected
from hub.channels.push import LARGEST_PAYLOAD, PushSender
from hub.channels.vapid import public_key
from hub.ids import new_id
from tests.channels.conformance import SenderConformance, no, yes
from tests.channels.pushing import PAYLOAD, PRIVATE_KEY, PushCase, push, push_case, push_settings
from tests.doubles.push_service import PushDouble


@pytest.fixture
async def case() -> AsyncIterator[PushCase]:
    async with push_case() as made:
        yield made


class TestConformance(SenderConformance):
    """All promises of `Sender`."""


async def test_the_browser_reads_what_was_sent_and_the_service_does_not(case: PushCase) -> None:
    outcome = await case.send()

    [message] = case.double.taken
    assert outcome == Accepted(provider_id=f"{case.double.url}/message/{message.id}")
    assert message.payload == PAYLOAD
    assert b"Videyo" not in message.body
    assert (message.ttl, message.urgency, message.topic) == (3600, "high", "conversation_1")
    assert message.claims["aud"] == case.double.url
    assert message.claims["sub"] == "mailto:operator@localhost"
    assert case.double.keys_seen == {public_key(PRIVATE_KEY)}


async def test_a_message_without_a_topic_has_no_topic_header(case: PushCase) -> None:
    await case.send(topic=None, ttl_seconds=0, urgency="very-low")

    [message] = case.double.taken
    assert (message.topic, message.ttl, message.urgency) == (None, 0, "very-low")


async def test_an_offline_device_wakes_to_the_newest_message_of_each_topic(case: PushCase) -> None:
    for number, topic in enumerate(["a", "b", "a", "a"]):
        await case.send(topic=topic, payload=b"%d" % number)

    assert [each.payload for each in case.double.deliver(case.subscription)] == [b"1", b"3"]


async def test_the_largest_payload_fits_and_a_larger_one_is_not_even_sent(case: PushCase) -> None:
    assert isinstance(await case.send(payload=b"x" * LARGEST_PAYLOAD), Accepted)
    assert len(case.double.taken[0].body) == 4096

    for payload in (b"x" * (LARGEST_PAYLOAD + 1), b""):
        assert isinstance(await case.send(payload=payload), Rejected)
    assert case.double.requests == 1


async def test_every_message_has_keys_of_its_own_and_the_signature_is_kept(case: PushCase) -> None:
    await case.send()
    case.clock.forward(10 * 3600)
    await case.send()

    first, second = case.double.taken
    assert first.body[:86] != second.body[:86]  # salt and ephemeral public key (RFC 8188, 2.1)
    assert len(case.double.authorizations) == 1


async def test_the_signature_is_renewed_before_it_expires(case: PushCase) -> None:
    for _ in range(3):
        assert isinstance(await case.send(), Accepted)
        case.clock.forward(11 * 3600 + 1)

    assert len(case.double.authorizations) == 3


@pytest.mark.parametrize(
    "keys",
    [
        {"p256dh": ""},
        {"p256dh": "é"},
        {"p256dh": "AAAA"},
        {"p256dh": urlsafe_b64encode(b"\x04" + b"\x01" * 64).decode()},
        {"auth": ""},
        {"auth": "A"},
        {"auth": "AAAA"},
        {"auth": urlsafe_b64encode(b"\x01" * 17).decode()},
    ],
)
async def test_a_subscription_whose_keys_are_none_is_gone_before_go(case: PushCase, keys: dict[str, str]) -> None:
    outcome = await case.sender.send(push(case.subscription, **keys), no)

    assert isinstance(outcome, Gone)
    assert outcome.reason.startswith("malformed keys: ")


async def test_padded_keys_are_read_too(case: PushCase) -> None:
    keys = {name: value + "=" * (-len(value) % 4) for name, value in case.subscription["keys"].items()}

    assert isinstance(await case.send(**keys), Accepted)


async def test_through_a_relay_the_signature_still_names_the_services_own_origin(case: PushCase) -> None:
    away = case.double.subscribe(origin="https://push.example.net")

    assert isinstance(await case.sender.send(push(away), yes), Accepted)

    assert case.double.taken[0].claims["aud"] == "https://push.example.net"


@pytest.mark.parametrize(
    "endpoint",
    ["http://push.example.net/a", "https://127.0.0.1/a", "https://localhost/a", "https://a@push.example.net/a", "none"],
)
async def test_a_forbidden_endpoint_is_retired_and_never_asked(endpoint: str) -> None:
    subscription = PushDouble(url="https://push.example.net").subscribe()
    sender = PushSender(push_settings())

    outcome = await sender.send(push({**subscription, "endpoint": endpoint}), no)

    assert isinstance(outcome, Gone)
    assert outcome.reason.startswith("endpoint refused: ")


async def test_a_cancelled_message_costs_no_connection(case: PushCase) -> None:
    await case.sender.send(case.message(new_id()), no)

    assert case.connections() == 0


async def test_connections_are_kept_for_the_next_message(case: PushCase) -> None:
    for _ in range(5):
        await case.send()
        await asyncio.sleep(0)

    assert case.connections() == 1


@pytest.mark.parametrize("key", ["", "A" * 43, "_" * 43])
def test_a_bad_private_key_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="hub doctor --vapid"):
        PushSender(push_settings(vapid_private_key=key))
