"""SendGrid's event webhook: whose it is, and what it tells."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from sendgrid.helpers.eventwebhook import EventWebhook

from hub.channels.base import Report
from hub.channels.sendgrid_webhook import SIGNATURE, TIMESTAMP, facts, verify
from hub.channels.webhooks import WebhookRefused
from hub.clock import END
from tests.channels.mail import email
from tests.doubles.sendgrid import Mail, SendGridDouble
from tests.doubles.signed import SignedCall

URL = "https://hub.example/api/v1/webhooks/sendgrid"
NOW = time.time_ns() // 1_000_000
HOUR = 3600


@pytest.fixture(scope="module")
def double() -> SendGridDouble:
    return SendGridDouble()


@pytest.fixture(scope="module")
def mail() -> Mail:
    message = email()
    to = [{"to": [{"email": message.to}]}]
    arguments = {"delivery_id": message.delivery_id, "notification_id": message.notification_id}
    return Mail("q3Bo2ZJ_QxSvYaHhkCtV1g", {"personalizations": to, "custom_args": arguments})


def check(double: SendGridDouble, call: SignedCall, *, now: int = NOW, key: str | None = None) -> None:
    verify(call.body, CIMultiDict(call.headers), double.public_key if key is None else key, now)


def refusal(double: SendGridDouble, call: SignedCall, **how: Any) -> str:
    with pytest.raises(WebhookRefused) as refused:
        check(double, call, **how)
    return refused.value.reason


def test_what_sendgrid_signed_is_let_in(double: SendGridDouble, mail: Mail) -> None:
    check(double, double.call(URL, [double.event(mail, "delivered")], at=NOW // 1000))


def test_the_names_of_headers_may_be_written_in_any_case(double: SendGridDouble, mail: Mail) -> None:
    call = double.call(URL, [double.event(mail, "delivered")], at=NOW // 1000)

    headers = CIMultiDict({name.lower(): value for name, value in call.headers.items()})

    verify(call.body, headers, double.public_key, NOW)


def test_the_vendors_own_verification_agrees(double: SendGridDouble, mail: Mail) -> None:
    call = double.call(URL, [double.event(mail, "bounce", reason="boîte inconnue è")], at=NOW // 1000)
    vendor = EventWebhook(double.public_key)
    signature, timestamp = call.headers[SIGNATURE], call.headers[TIMESTAMP]

    assert vendor.verify_signature(call.body.decode(), signature, timestamp)
    check(double, call)
    forged = call.forged(b"bounce", b"bOunce")
    assert not vendor.verify_signature(forged.body.decode(), signature, timestamp)
    assert refusal(double, forged) == "the signature is wrong"


def test_another_key_signs_for_nobody(double: SendGridDouble, mail: Mail) -> None:
    call = SendGridDouble().call(URL, [double.event(mail, "delivered")])

    assert refusal(double, call) == "the signature is wrong"


def test_another_timestamp_breaks_the_signature(double: SendGridDouble, mail: Mail) -> None:
    call = double.call(URL, [double.event(mail, "delivered")])
    call.headers[TIMESTAMP] = str(int(call.headers[TIMESTAMP]) + 1)

    assert refusal(double, call) == "the signature is wrong"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (SIGNATURE, None),
        (SIGNATURE, ""),
        (SIGNATURE, "not base64!"),
        (SIGNATURE, "AAAA"),
        (SIGNATURE, "é"),
        (TIMESTAMP, None),
        (TIMESTAMP, "soon"),
        (TIMESTAMP, "\ud800"),
    ],
)
def test_headers_that_are_missing_or_malformed_are_refused(
    double: SendGridDouble, header: str, value: str | None
) -> None:
    call = double.call(URL, [])
    if value is None:
        del call.headers[header]
    else:
        call.headers[header] = value

    assert refusal(double, call)


@pytest.mark.parametrize(
    "key", ["", "AAAA", "not base64!", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="]
)
def test_without_a_key_of_the_right_kind_all_is_refused(double: SendGridDouble, key: str) -> None:
    assert "key" in refusal(double, double.call(URL, []), key=key)


@pytest.mark.parametrize(("age", "taken"), [(23 * HOUR, True), (25 * HOUR, False), (-4 * 60, True), (-6 * 60, False)])
def test_the_timestamps_window_is_a_day_back_and_minutes_ahead(
    double: SendGridDouble, *, age: int, taken: bool
) -> None:
    call = double.call(URL, [], at=NOW // 1000 - age)

    if taken:
        check(double, call)
    else:
        assert refusal(double, call) == "the timestamp is too old or ahead of us"


@pytest.mark.parametrize("at", ["1" * 13, "1" * 5000, "-1", "1.5", "٣"])
def test_a_signed_timestamp_that_is_none_is_refused(double: SendGridDouble, at: Any) -> None:
    assert refusal(double, double.call(URL, [], at=at))


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("processed", {}, ("accepted", False, "")),
        ("delivered", {"response": "250 OK"}, ("delivered", False, "")),
        ("deferred", {"response": "400 later", "attempt": "5"}, ("accepted", False, "deferred: 400 later")),
        ("bounce", {"type": "bounce", "reason": "550 no such user"}, ("bounced", True, "550 no such user")),
        ("bounce", {"type": "blocked", "reason": "550 spam"}, ("failed", False, "550 spam")),
        ("dropped", {"reason": "Bounced Address"}, ("bounced", True, "dropped: Bounced Address")),
        ("dropped", {"reason": "Invalid"}, ("bounced", True, "dropped: Invalid")),
        ("dropped", {"reason": "Spam Reporting Address"}, ("complained", False, "dropped: Spam Reporting Address")),
        ("dropped", {"reason": "Spam Content"}, ("failed", False, "dropped: Spam Content")),
        ("spamreport", {}, ("complained", False, "")),
        ("unsubscribe", {}, ("unsubscribed", False, "")),
        ("group_unsubscribe", {"asm_group_id": 10}, ("unsubscribed", False, "")),
        ("open", {"useragent": "Mozilla/4.0", "ip": "255.255.255.255"}, ("seen", False, "")),
        ("click", {"url": "https://hub.example"}, ("clicked", False, "")),
    ],
)
def test_each_event_has_its_meaning(
    double: SendGridDouble, mail: Mail, kind: str, more: dict[str, Any], expected: tuple[str, bool, str]
) -> None:
    event = double.event(mail, kind, **more)

    (report,) = facts(double.call(URL, [event]).body)

    assert (report.kind, report.permanent, report.reason) == expected
    assert (report.provider, report.external_id) == ("sendgrid", event["sg_event_id"])
    assert report.delivery_id == mail.custom_args["delivery_id"]
    assert report.provider_id == mail.message_id
    assert report.address == mail.to
    assert report.at == event["timestamp"] * 1000


def test_who_had_unsubscribed_there_is_unsubscribed_here(double: SendGridDouble, mail: Mail) -> None:
    event = double.event(mail, "dropped", reason="Unsubscribed Address")

    reports = facts(double.call(URL, [event]).body)

    assert [(each.kind, each.permanent) for each in reports] == [("failed", False), ("unsubscribed", False)]
    assert len({each.external_id for each in reports}) == 2


@pytest.mark.parametrize(
    ("kind", "more"), [("group_resubscribe", {}), ("account_status_change", {}), ("open", {"sg_machine_open": True})]
)
def test_what_says_nothing_about_a_person_tells_nothing(
    double: SendGridDouble, mail: Mail, kind: str, more: dict[str, Any]
) -> None:
    assert facts(double.call(URL, [double.event(mail, kind, **more)]).body) == []


def test_odd_events_do_not_hide_the_others(double: SendGridDouble, mail: Mail) -> None:
    good = double.event(mail, "delivered")
    odd: list[Any] = [1, None, "x", [], {}, {"event": {}}, {**good, "timestamp": "soon"}, {**good, "timestamp": True}]

    assert len(facts(double.call(URL, [*odd, good]).body)) == 1


def test_an_event_without_an_id_has_the_same_name_each_time(double: SendGridDouble, mail: Mail) -> None:
    event = double.event(mail, "delivered")
    del event["sg_event_id"]

    first, second = (facts(double.call(URL, [event]).body)[0] for _ in range(2))

    assert first.external_id == second.external_id


@pytest.mark.parametrize("raw", [b"", b"{}", b"null", b"\xff", b"[", b'"a"', b"[" * 100_000])
def test_what_is_no_list_is_refused(raw: bytes) -> None:
    with pytest.raises(WebhookRefused):
        facts(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["event", "timestamp", "sg_event_id", "sg_message_id", "delivery_id", "email", "reason", "response", "type"]
KNOWN = st.sampled_from(["bounce", "dropped", "deferred", "open", "delivered"])
EVENT = st.fixed_dictionaries(
    {"event": KNOWN | JSON, "timestamp": st.integers(0, 10**12) | JSON},
    optional={name: st.text(max_size=1000) | JSON for name in NAMES[2:]},
)


@given(st.lists(EVENT, max_size=4))
def test_whatever_stands_in_an_event_fits_the_tables(events: list[dict[str, Any]]) -> None:
    for report in facts(SendGridDouble().call(URL, events).body):
        assert isinstance(report, Report)
        assert 0 <= report.at < END
        texts = (report.external_id, report.delivery_id, report.provider_id, report.reason)
        for text, most in zip(texts, (200, 36, 200, 200), strict=True):
            assert text is None or (len(text) <= most and "\0" not in text)
