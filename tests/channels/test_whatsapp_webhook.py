"""WhatsApp's webhooks, signed by the double."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels import whatsapp_webhook
from hub.channels.base import Fact, Inbound, Report
from hub.channels.webhooks import WebhookRefused
from hub.ids import new_id
from tests.clock import MovableClock
from tests.doubles.signed import SignedCall
from tests.doubles.whatsapp import WhatsAppDouble

HOOK = "https://hub.example/api/v1/webhooks/whatsapp"
FAN = "50937001234"
SECRET = "the-secret-of-the-double"
DELIVERY = new_id()


def take(call: SignedCall, secret: str = SECRET) -> list[Fact]:
    whatsapp_webhook.verify(call.body, call.headers, secret)
    return whatsapp_webhook.facts(call.body)


@pytest.fixture
def double() -> WhatsAppDouble:
    made = WhatsAppDouble(clock=MovableClock(stands=True))
    made.messages.append({"wamid": "wamid.A", "to": FAN, "biz_opaque_callback_data": DELIVERY})
    return made


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason", "permanent"),
    [
        ("sent", None, "accepted", "", False),
        ("delivered", None, "delivered", "", False),
        ("read", None, "seen", "", False),
        ("failed", 131047, "failed", "window_closed", False),
        ("failed", 131026, "failed", "undeliverable (131026)", True),
        ("failed", 131049, "failed", "WhatsApp chose not to deliver it (131049)", False),
        ("failed", None, "failed", "", False),
    ],
)
def test_each_status_is_a_fact_of_the_delivery(
    double: WhatsAppDouble, status: str, code: int | None, kind: str, reason: str, *, permanent: bool
) -> None:
    [fact] = take(double.status(HOOK, "wamid.A", status, code))

    assert fact == Report(
        provider="whatsapp",
        external_id=f"wamid.A:{status}",
        kind=kind,  # type: ignore[arg-type]
        delivery_id=DELIVERY,
        provider_id="wamid.A",
        address=f"+{FAN}",
        reason=reason,
        permanent=permanent,
        at=double.clock.now() // 1000 * 1000,
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"text": {"body": "Mèsi 😀"}}, "Mèsi 😀"),
        ({"button": {"payload": "p", "text": "Wi"}}, "Wi"),
        ({"interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Non"}}}, "Non"),
        ({"interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Demen"}}}, "Demen"),
        ({"image": {"id": "1", "caption": "Gade"}}, "Gade"),
        ({"sticker": {"id": "1"}}, ""),
        ({"interactive": {"type": "nfm_reply"}}, ""),
    ],
)
def test_what_people_write(double: WhatsAppDouble, content: dict[str, Any], text: str) -> None:
    [fact] = take(double.inbound(HOOK, FAN, **content))

    assert isinstance(fact, Inbound)
    assert (fact.channel, fact.sender, fact.text, fact.reply_to) == ("whatsapp", f"+{FAN}", text, None)


def test_an_answer_names_the_message_that_it_answers(double: WhatsAppDouble) -> None:
    [fact] = take(double.inbound(HOOK, FAN, reply_to="wamid.A", text={"body": "Wi"}))

    assert isinstance(fact, Inbound)
    assert fact.reply_to == "wamid.A"


def test_reactions_and_system_messages_are_no_messages(double: WhatsAppDouble) -> None:
    assert take(double.inbound(HOOK, FAN, reaction={"message_id": "wamid.A", "emoji": "👍"})) == []
    assert take(double.inbound(HOOK, FAN, system={"body": "changed number"})) == []


def test_one_webhook_can_hold_many_facts(double: WhatsAppDouble) -> None:
    bodies = [json.loads(double.status(HOOK, "wamid.A", each).body) for each in ("read", "sent", "delivered")]
    merged = {"object": "whatsapp_business_account", "entry": [each["entry"][0] for each in bodies]}

    facts = take(double.signed(HOOK, json.dumps(merged).encode()))

    assert [each.external_id for each in facts] == ["wamid.A:read", "wamid.A:sent", "wamid.A:delivered"]


def test_a_changed_body_is_refused(double: WhatsAppDouble) -> None:
    with pytest.raises(WebhookRefused, match="wrong signature"):
        take(double.status(HOOK, "wamid.A", "sent").forged(b'"sent"', b'"read"'))


def test_even_white_space_is_signed(double: WhatsAppDouble) -> None:
    call = double.status(HOOK, "wamid.A", "sent")

    with pytest.raises(WebhookRefused):
        take(SignedCall(call.url, call.headers, call.body + b" "))


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=abc", "é", "x" * 10_000])
def test_a_missing_or_odd_signature_is_refused(double: WhatsAppDouble, header: str | None) -> None:
    call = double.status(HOOK, "wamid.A", "sent")
    headers = {} if header is None else {"x-hub-signature-256": header}

    with pytest.raises(WebhookRefused):
        take(SignedCall(call.url, headers, call.body))


def test_without_a_secret_of_ours_nothing_is_believed(double: WhatsAppDouble) -> None:
    with pytest.raises(WebhookRefused, match="no app secret"):
        take(double.signed(HOOK, b"{}", secret=""), secret="")


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b"\xff", b'"text"', b"[" * 100_000])
def test_what_is_no_json_object_is_refused(double: WhatsAppDouble, raw: bytes) -> None:
    with pytest.raises(WebhookRefused):
        take(double.signed(HOOK, raw))


def test_the_handshake_is_answered_with_the_challenge() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "1158201444"}

    assert whatsapp_webhook.handshake(query, "ours") == "1158201444"


@pytest.mark.parametrize(
    ("change", "token"),
    [
        ({"hub.verify_token": "theirs"}, "ours"),
        ({"hub.verify_token": "é"}, "ours"),
        ({"hub.verify_token": ""}, ""),
        ({"hub.mode": "unsubscribe"}, "ours"),
        ({"hub.challenge": "<script>"}, "ours"),
        ({"hub.challenge": ""}, "ours"),
    ],
)
def test_a_wrong_handshake_is_refused(change: dict[str, str], token: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "1", **change}

    with pytest.raises(WebhookRefused):
        whatsapp_webhook.handshake(query, token)


words = st.sampled_from(
    [
        "entry",
        "changes",
        "value",
        "statuses",
        "messages",
        "id",
        "status",
        "sent",
        "failed",
        "timestamp",
        "1795000000",
        "from",
        FAN,
        "type",
        "text",
        "body",
        "errors",
        "code",
        "context",
        "recipient_id",
    ]
)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=6),
    max_leaves=40,
)


@given(odd)
def test_no_json_makes_an_error(value: object) -> None:
    body = {"entry": [{"changes": [{"value": value}, {"value": {"statuses": [value], "messages": [value]}}]}]}

    for fact in whatsapp_webhook.facts(json.dumps(body).encode()):
        assert len(fact.external_id) <= 200
        assert 0 <= fact.at < 253_402_300_800_000
