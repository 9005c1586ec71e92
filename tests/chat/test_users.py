"""People: profiles as the platform writes them, export, and being forgotten."""

from tests.flows.notified import told
from tests.flows.story import caught_up, conversation, log_of, opened
from tests.people import push_keys
from tests.running import RunningHub


async def test_a_profile_is_replaced_as_a_whole(hub: RunningHub) -> None:
    full = {
        "display_name": "  Fania \n Jean ",
        "roles": ["fan", "creator", "fan"],
        "email": "fan@example.com",
        "phone": "+509 34 12 34 56",
        "locale": "ht",
        "time_zone": "America/Port-au-Prince",
        "quiet_hours": {"start": "22:00", "end": "07:00"},
    }

    saved = (await hub.ok("PUT", "/api/v1/users/fan", full))["user"]
    replaced = (await hub.ok("PUT", "/api/v1/users/fan", {"display_name": "Fan"}))["user"]

    times = {"created_at", "updated_at"}
    assert {key: value for key, value in saved.items() if key not in times} == {
        **full,
        "id": "fan",
        "display_name": "Fania Jean",
        "roles": ["creator", "fan"],
        "phone": "+50934123456",
    }
    assert replaced["created_at"] == saved["created_at"]
    assert not {"email", "phone", "quiet_hours"} & set(replaced)
    assert (replaced["locale"], replaced["time_zone"], replaced["roles"]) == ("en", "UTC", [])
    assert (await hub.ok("GET", "/api/v1/users/fan"))["user"] == replaced


async def test_phones_are_stored_as_e164_and_others_are_refused(hub_on_sqlite: RunningHub) -> None:
    for given, stored in (
        ("+1 (415) 555-2671", "+14155552671"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+50934123456", "+50934123456"),
    ):
        assert (await hub_on_sqlite.user("fan", phone=given))["phone"] == stored
    for given in ("0612345678", "+999 1", "+", "call me", "+1415555267155555"):
        body = {"display_name": "Fan", "phone": given}
        status, answer = await hub_on_sqlite.http("PUT", "/api/v1/users/fan", body)
        assert (status, answer["error"]["details"]["field"]) == (400, "phone"), given


async def test_whoever_has_a_valid_token_has_a_profile(hub: RunningHub) -> None:
    token = hub.token("new", "fan", name="New", locale="fr-HT", tz="Europe/Paris")

    me = (await hub.ok("GET", "/api/v1/me", token=token))["user"]

    assert (me["id"], me["display_name"], me["locale"], me["time_zone"]) == ("new", "New", "fr", "Europe/Paris")
    odd = hub.token("odd", "fan", name="x" * 500, locale="tlh", tz="Mars/Olympus")
    me = (await hub.ok("GET", "/api/v1/me", token=odd))["user"]
    assert (len(me["display_name"]), me["locale"], me["time_zone"]) == (200, "en", "UTC")


async def test_an_export_holds_all_that_the_person_sent(hub: RunningHub) -> None:
    ids = sorted([await conversation(hub, "fan"), await conversation(hub, "fan")])
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    for each in ids:
        await fan.send(each, "mine")
        await creator.send(each, "not mine")

    export = await hub.ok("GET", "/api/v1/users/fan/export")

    assert export["user"]["id"] == "fan"
    assert export["conversation_ids"] == ids
    assert [(each["conversation_id"], each["body"]) for each in export["messages"]] == [(each, "mine") for each in ids]


async def test_erasing_removes_contents_keeps_numbers_and_tells_the_others(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com", phone="+50934123456")
    conversation_id = await conversation(hub, "fan")
    fan, creator = await hub.connected("fan"), await opened(hub, conversation_id, "creator", "creator")
    await fan.send(conversation_id, "secret one")
    await creator.send(conversation_id, "answer")
    await fan.send(conversation_id, "secret two")
    await fan.ask("message.delete", conversation_id=conversation_id, seq=3)
    await fan.send(conversation_id, "secret three")

    assert await hub.ok("DELETE", "/api/v1/users/fan") == {"deleted": True}

    await caught_up(creator, conversation_id, 7)
    assert log_of(creator, conversation_id)[-2:] == [("message.deleted", 6), ("message.deleted", 7)]
    history = (await creator.ask("conversation.history", conversation_id=conversation_id))["messages"]
    assert [(each["seq"], each["body"]) for each in history] == [(1, ""), (2, "answer"), (3, ""), (4, "")]
    assert {each["body_state"] for each in history if each["sender_id"] == "fan"} == {"deleted"}
    synced = await creator.ask("conversation.sync", cursors=[{"conversation_id": conversation_id, "rev": 0}])
    assert "secret" not in repr(synced)
    person = (await hub.ok("GET", "/api/v1/users/fan"))["user"]
    assert person["display_name"] == "—"
    assert not {"email", "phone"} & set(person)
    export = await hub.ok("GET", "/api/v1/users/fan/export")
    assert "secret" not in repr(export)
    assert await hub.ok("DELETE", "/api/v1/users/fan") == {"deleted": True}  # again changes nothing
    assert (await creator.ask("conversation.open", conversation_id=conversation_id))["head"]["rev"] == 7


async def test_an_export_holds_what_the_person_was_told_and_chose_until_they_are_erased(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")
    token = hub.token("fan", "fan")
    told_id = await told(hub)
    setting = {"scope": "category:orders", "channel": "email", "allowed": False}
    await hub.ok("PUT", "/api/v1/me/preferences", {"settings": [setting]}, token=token)
    subscription = {"endpoint": "https://push.example.com/x", "keys": push_keys(), "label": "Phone"}
    device = await hub.ok("POST", "/api/v1/me/push-subscriptions", subscription, token=token)

    export = await hub.ok("GET", "/api/v1/users/fan/export")

    assert [(each["id"], each["data"]) for each in export["notifications"]] == [(told_id, {"order_id": "o-1"})]
    assert export["preferences"] == [setting]
    assert export["devices"] == [{**device["subscription"], "endpoint": subscription["endpoint"]}]
    await hub.ok("DELETE", "/api/v1/users/fan")
    export = await hub.ok("GET", "/api/v1/users/fan/export")
    assert [each["data"] for each in export["notifications"]] == [{}]
    assert export["preferences"] == export["devices"] == []
    assert (await hub.ok("GET", "/api/v1/me/notifications", token=token))["notifications"] == []
