"""Operators' templates: used at once, chosen by weight and always the same for a person, never in the way of a send."""

from collections import Counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.notifications.templates import Templates
from hub.notifications.templates.operators import Written
from hub.notifications.templates.source import Compiled, Source
from hub.notifications.templates.variants import choose
from persistence import templates as rows
from persistence.engine import Connections
from persistence.uow import Database
from tests.clock import MovableClock
from tests.notifications.wording import NOW, URL, say

BASE: dict[str, Any] = {
    "name": "order.placed.fan",
    "channel": "push",
    "locale": "en",
    "variant": "a",
    "weight": 1,
    "subject": "A {{ order }}",
    "body": "Body a",
    "html": None,
    "author": "op",
    "created_at": NOW,
    "active": True,
}


class Store:
    """A database, and templates that look into it."""

    def __init__(self, url: str) -> None:
        self.connections = Connections(url)
        self.database = Database(self.connections, MovableClock())
        self.templates = Templates(URL)

    async def write(self, **changes: Any) -> int:
        async with self.database.begin() as tx:
            version = await rows.add(tx.connection, BASE | changes | {"active": False})
            if (BASE | changes)["active"]:
                await rows.use(tx.connection, BASE | changes, version)
        await self.refresh()
        return version

    async def use(self, version: int | None, weight: int | None = None, **changes: Any) -> bool:
        async with self.database.begin() as tx:
            used = await rows.use(tx.connection, BASE | changes, version, weight=weight)
        await self.refresh()
        return used

    async def refresh(self) -> None:
        async with self.database.read_one() as connection:
            await self.templates.refresh(connection)


@pytest.fixture
async def store(database_url: str) -> Any:
    made = Store(database_url)
    yield made
    await made.connections.close()


async def test_an_operators_version_takes_the_place_of_the_built_in_words(store: Store) -> None:
    assert await store.write() == 1
    told = say(store.templates, "order.placed", "push")
    assert (told.name, told.version, told.variant) == ("order.placed.fan", 1, "a")
    assert (told.subject, told.text) == ("A VM-1042", "Body a")
    assert say(store.templates, "order.placed", "push", role="creator").version == 0
    assert say(store.templates, "order.placed", "email").version == 0


async def test_versions_count_on_and_older_ones_can_be_used_again(store: Store) -> None:
    await store.write()
    assert await store.write(body="Body 2") == 2
    assert await store.write(body="Body 3", active=False) == 3
    assert say(store.templates, "order.placed", "push").text == "Body 2"
    assert await store.use(1)
    assert say(store.templates, "order.placed", "push").text == "Body a"
    assert not await store.use(9)
    await store.use(None)
    assert say(store.templates, "order.placed", "push").version == 0


async def test_the_persons_language_comes_before_the_operators_words(store: Store) -> None:
    await store.write(name="order.placed")
    assert say(store.templates, "order.placed", "push").version == 1
    assert say(store.templates, "order.placed", "push", locale="fr").version == 0
    await store.write(name="booking.seat_changed", subject="Seat")
    told = say(store.templates, "booking.seat_changed", "push", locale="ht")
    assert (told.name, told.locale, told.version) == ("booking.seat_changed", "en", 1)


async def test_a_person_always_gets_the_same_variant_and_weights_decide_how_many_do(store: Store) -> None:
    await store.write(weight=3)
    await store.write(variant="b", body="Body b", weight=1)
    first = {n: say(store.templates, "order.placed", "push", stable=f"user-{n}").variant for n in range(2_000)}
    again = {n: say(store.templates, "order.placed", "push", stable=f"user-{n}").variant for n in range(2_000)}
    assert first == again
    counts = Counter(first.values())
    assert 1_400 < counts["a"] < 1_600
    await store.use(1, weight=0)
    assert {say(store.templates, "order.placed", "push", stable=f"user-{n}").variant for n in range(99)} == {"b"}


async def test_a_template_that_fails_is_logged_once_and_the_built_in_one_is_used(store: Store) -> None:
    await store.write(body="{{ order - 1 }}")
    with capture_logs() as logs:
        told = [say(store.templates, "order.placed", "push") for _ in range(3)]
    assert {each.version for each in told} == {0}
    assert [each["event"] for each in logs] == ["template.failed"]


async def test_a_template_that_breaks_the_rules_is_not_used(store: Store) -> None:
    with capture_logs() as logs:
        await store.write(body="{{ ''.__class__ }}")
        await store.refresh()
    assert say(store.templates, "order.placed", "push").version == 0
    assert [each["event"] for each in logs] == ["template.refused"]


async def test_an_email_of_operators_gets_the_layout_or_keeps_its_own(store: Store) -> None:
    await store.write(channel="email", subject="S", body="Words\n\nLook: {{ links.open }}")
    mail = say(store.templates, "order.placed", "email")
    assert mail.text.startswith("Words\n\nLook: https://hub.example/?")
    assert 'class="button"' in (mail.html or "")
    await store.write(channel="email", subject="S", body="Words", html="<p>{{ name }}</p>")
    assert say(store.templates, "order.placed", "email", name="<b>").html == "<p>&lt;b&gt;</p>"


def test_no_weight_is_no_variant() -> None:
    compiled = Compiled(Source(channel="sms", body="x"))
    paused = Written(name="n", channel="sms", language="en", variant="a", version=1, weight=0, compiled=compiled)
    assert choose([paused], "u") is None
    assert choose([paused, paused], "u") is None
    assert choose([], "u") is None
