"""What operators can do with templates over HTTP: look, preview, write versions, choose them, and count."""

from typing import Any

import pytest

from hub.ids import new_id
from persistence.deliveries import delivery
from persistence.notifications import notification
from tests.running import RunningHub

TEMPLATES = "/api/v1/ops/templates"
PUSH = {"channel": "push", "locale": "en", "subject": "Hi {{ name }}", "body": "Order {{ order }}"}


def admin(hub: RunningHub) -> str:
    return hub.token("boss", "admin")


async def refused(hub: RunningHub, method: str, path: str, body: Any, status: int) -> dict[str, Any]:
    got, answer = await hub.http(method, f"{TEMPLATES}{path}", body, token=admin(hub))
    assert got == status, answer
    error: dict[str, Any] = answer["error"]
    return error


async def test_only_operators_see_templates(edge: RunningHub) -> None:
    for role in ("fan", "creator", "moderator"):
        status, _ = await edge.http("GET", TEMPLATES, token=edge.token("someone", role))
        assert status == 403
    listed = await edge.ok("GET", TEMPLATES, token=edge.token("platform", "service"))
    names = {each["name"]: each for each in listed["templates"]}
    assert names["order.placed.fan"]["built_in"]
    assert "Data: order" in names["order.placed.fan"]["about"]
    assert names["order.placed.fan"]["channels"] == []


async def test_a_new_version_is_shown_used_and_turned_off_again(edge: RunningHub) -> None:
    path = f"{TEMPLATES}/order.placed.fan"
    shown = (await edge.ok("GET", path, token=admin(edge)))["template"]
    assert len(shown["built_in"]) == 15
    assert shown["versions"] == []
    approved = [each["approved"] for each in shown["built_in"] if each["channel"] == "whatsapp"]
    assert all("{{1}}" in each for each in approved)

    for number in (1, 2):
        written = await edge.ok("POST", path, PUSH | {"body": f"Body {number}"}, token=admin(edge))
        newest = written["template"]["versions"][0]
        assert (newest["version"], newest["active"], newest["author"]) == (number, True, "boss")
    assert [each["active"] for each in written["template"]["versions"]] == [True, False]

    preview = await edge.ok(
        "POST",
        f"{TEMPLATES}/preview",
        {"name": "order.placed.fan", "channel": "push", "locale": "en"},
        token=admin(edge),
    )
    assert (preview["subject"], preview["text"], preview["version"]) == ("Hi Nadège", "Body 2", 2)

    key = {"channel": "push", "locale": "en"}
    await edge.ok("PUT", f"{path}/active", key | {"version": 1, "weight": 7}, token=admin(edge))
    after = (await edge.ok("GET", path, token=admin(edge)))["template"]["versions"]
    assert [(each["version"], each["weight"]) for each in after if each["active"]] == [(1, 7)]
    listed = await edge.ok("GET", TEMPLATES, token=admin(edge))
    assert [each["channels"] for each in listed["templates"] if each["name"] == "order.placed.fan"] == [["push"]]
    off = await edge.ok("PUT", f"{path}/active", key | {"version": None}, token=admin(edge))
    assert not any(each["active"] for each in off["template"]["versions"])


async def test_a_preview_of_words_that_are_stored_nowhere(edge: RunningHub) -> None:
    sms = {"channel": "sms", "locale": "ht", "body": "Ou dwe {{ amount|money(currency) }} – {{ name }}"}
    shown = await edge.ok(
        "POST", f"{TEMPLATES}/preview", sms | {"data": {"amount": 500, "currency": "HTG"}}, token=admin(edge)
    )
    assert shown["text"] == "Ou dwe 5,00 G - Nadège"
    assert (shown["encoding"], shown["segments"]) == ("gsm7", 1)
    mail = {"channel": "email", "locale": "fr", "subject": "S", "body": "Un\n\n<b>Deux</b>"}
    shown = await edge.ok("POST", f"{TEMPLATES}/preview", mail, token=admin(edge))
    assert "&lt;b&gt;Deux&lt;/b&gt;" in shown["html"]
    whatsapp = {"channel": "whatsapp", "locale": "en", "body": "Hello {{ name }}, {{ order }}!", "data": {"order": 7}}
    shown = await edge.ok("POST", f"{TEMPLATES}/preview", whatsapp, token=admin(edge))
    assert shown["parameters"] == ["Nadège", "7"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"body": "{{ ''.__class__ }}"}, "body"),
        ({"body": "{% for a in b"}, "body"),
        ({"body": " "}, "body"),
        ({"subject": None}, "subject"),
        ({"subject": "{{ range(9) }}"}, "subject"),
        ({"html": "<p>"}, "html"),
    ],
)
async def test_words_that_break_a_rule_are_refused(edge: RunningHub, change: dict[str, Any], field: str) -> None:
    for path in ("/order.placed", "/preview"):
        error = await refused(edge, "POST", path, PUSH | change, 400)
        assert error["code"] == "request.invalid"
        assert error["details"]["field"] == field


@pytest.mark.parametrize(
    "change",
    [{"channel": "fax"}, {"locale": "de"}, {"variant": "A B"}, {"weight": -1}, {"weight": 1001}, {"extra": 1}],
)
async def test_fields_that_cannot_be_are_refused(edge: RunningHub, change: dict[str, Any]) -> None:
    error = await refused(edge, "POST", "/order.placed", PUSH | change, 400)
    assert error["code"] == "request.invalid"


@pytest.mark.parametrize("name", ["nobody.knows", "Order.Placed", "a..b", "x" * 65, "%00", "a%2Fb"])
async def test_what_is_no_template_is_not_found(edge: RunningHub, name: str) -> None:
    status, answer = await edge.http("GET", f"{TEMPLATES}/{name}", token=admin(edge))
    assert status == 404, answer
    body = {"channel": "push", "locale": "en", "version": 3}
    status, _ = await edge.http("PUT", f"{TEMPLATES}/{name}/active", body, token=admin(edge))
    assert status == 404


async def test_variants_are_counted(hub: RunningHub) -> None:
    rows = [("order.placed", "fan", "a", "delivered"), ("order.placed", "fan", "b", "accepted")]
    rows += [("order.placed", "fan", "a", "accepted"), ("order.accepted", "fan", "built-in", "delivered")]
    rows += [("order_placed", "fan", "a", "accepted"), ("order.placed", "creator", "a", "accepted")]
    async with hub.hub.database.begin() as tx:
        for number, (kind, role, variant, state) in enumerate(rows):
            await add(tx, kind=kind, role=role, variant=variant, state=state, seen=number == 0)

    counted = await hub.ok("GET", f"{TEMPLATES}/order.placed.fan/variants", token=admin(hub))
    assert [(each["variant"], each["sent"], each["delivered"], each["seen"]) for each in counted["variants"]] == [
        ("a", 2, 1, 1),
        ("b", 1, 0, 0),
    ]
    family = await hub.ok("GET", f"{TEMPLATES}/order/variants", token=admin(hub))
    assert [(each["variant"], each["sent"]) for each in family["variants"]] == [("built-in", 1)]


async def add(tx: Any, *, kind: str, role: str, variant: str, state: str, seen: bool) -> None:
    notification_id = new_id()
    values = {
        "id": notification_id,
        "event_id": new_id(),
        "user_id": "fan",
        "type": kind,
        "role": role,
        "category": "orders",
        "priority": 1,
        "data": "{}",
        "inbox": True,
        "created_at": tx.now,
        "seen_at": tx.now if seen else None,
    }
    await tx.connection.execute(notification.insert().values(**values))
    values = {
        "id": new_id(),
        "notification_id": notification_id,
        "rung": 0,
        "channel": "push",
        "user_id": "fan",
        "priority": 1,
        "state": state,
        "template_version": 0 if variant == "built-in" else 1,
        "variant": variant,
        "locale": "en",
        "sent_at": tx.now,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    await tx.connection.execute(delivery.insert().values(**values))
