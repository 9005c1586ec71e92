"""What each answer of a push service means for the delivery and for the subscription."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from hub.channels.base import Accepted, Gone, Misconfigured, Rejected, RetryLater, Unknown
from hub.channels.vapid import make_private_key, public_key
from tests.channels.conformance import yes
from tests.channels.pushing import PRIVATE_KEY, PushCase, push, push_case
from tests.doubles.http import Answer
from tests.doubles.push_service import OTHER_KEY


@pytest.fixture
async def case() -> AsyncIterator[PushCase]:
    async with push_case() as made:
        yield made


async def test_an_expired_subscription_is_gone_and_so_is_an_unknown_one(case: PushCase) -> None:
    stranger = {**case.subscription, "endpoint": f"{case.double.url}/push/none"}
    case.double.expire(case.subscription)

    assert await case.send() == Gone("HTTP 410")
    assert await case.sender.send(push(stranger), yes) == Gone("HTTP 404")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200), Accepted()),
        (Answer(202, headers={"Location": "/m/1"}), Accepted(provider_id="/m/1")),
        (Answer(404), Gone("HTTP 404")),
        (Answer(410), Gone("HTTP 410")),
        (Answer(413), Rejected("HTTP 413: too large")),
        (Answer(400, b"BadWebPushTopic"), Rejected("HTTP 400: BadWebPushTopic")),
        (Answer(307, headers={"Location": "http://127.0.0.1/"}), Rejected("HTTP 307")),
        (Answer(401, b"no\ncredentials"), Misconfigured("HTTP 401: no credentials")),
        (Answer(403, b"BadJwtToken"), Misconfigured("HTTP 403: BadJwtToken")),
        (Answer(429), RetryLater("HTTP 429")),
        (Answer(429, headers={"Retry-After": "17"}), RetryLater("HTTP 429", 17.0)),
        (Answer(429, headers={"Retry-After": "soon"}), RetryLater("HTTP 429")),
        (Answer(500), RetryLater("HTTP 500")),
        (Answer(502, b"\xff\x00<html>"), RetryLater("HTTP 502")),
        (Answer(503, headers={"Retry-After": "120"}), RetryLater("HTTP 503", 120.0)),
        (Answer(504), Unknown("HTTP 504")),
    ],
)
async def test_what_each_answer_means(case: PushCase, answer: Answer, outcome: object) -> None:
    case.double.answers.append(answer)

    assert await case.send() == outcome


async def test_a_retry_after_that_is_a_date_is_seen_from_the_servers_own_clock(case: PushCase) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    dates = {"Date": now, "Retry-After": now + timedelta(seconds=90)}
    headers = {name: format_datetime(at, usegmt=True) for name, at in dates.items()}
    case.double.answers.append(Answer(429, headers=headers))

    assert await case.send() == RetryLater("HTTP 429", 90.0)


async def test_garbage_behind_a_good_status_does_no_harm(case: PushCase) -> None:
    case.double.garbage = True

    assert await case.send() == Accepted()


async def test_a_key_that_nobody_accepts_retires_no_subscription(case: PushCase) -> None:
    before = case.double.subscribe(only_key=public_key(make_private_key()))

    outcome = await case.sender.send(push(before), yes)

    assert outcome == Misconfigured(f"vapid_mismatch: HTTP 403: {OTHER_KEY}"[:143])


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, {"reason": "VapidPkHashMismatch"}),
        Answer(401, {"code": 401, "errno": 109, "error": "Unauthorized", "message": "VAPID public key mismatch"}),
        Answer(403, f"{OTHER_KEY}.\n".encode()),
    ],
    ids=["Apple", "Mozilla", "Google"],
)
async def test_each_service_has_its_words_for_another_key(case: PushCase, answer: Answer) -> None:
    case.double.answers.extend([answer, Answer(201), answer])

    outcomes = [await case.send() for _ in range(3)]

    assert isinstance(outcomes[0], Misconfigured)
    assert outcomes[0].reason.startswith("vapid_mismatch: ")
    assert outcomes[1:] == [Accepted(), Gone("vapid_mismatch")]


async def test_a_subscription_from_before_the_key_changed_is_gone_once_the_new_key_is_proven(case: PushCase) -> None:
    before = case.double.subscribe(only_key=public_key(make_private_key()))
    after = case.double.subscribe(only_key=public_key(PRIVATE_KEY))

    assert isinstance(await case.sender.send(push(after), yes), Accepted)

    assert await case.sender.send(push(before), yes) == Gone("vapid_mismatch")
