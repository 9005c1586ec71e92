"""Two gateways on one Redis: the inbox of a person is the same on both."""

from typing import Any

from loadtests.redis import RedisServer
from tests.cluster.two import settings_for
from tests.flows.notified import told
from tests.running import RunningHub


async def test_what_comes_in_or_is_done_on_one_node_shows_on_the_other(
    sqlite_url: str, redis_server: RedisServer, start_hub: Any
) -> None:
    settings = settings_for(sqlite_url, redis_server.url)
    here: RunningHub = await start_hub(settings)
    there: RunningHub = await start_hub(settings)
    await here.user("fan")
    phone, laptop = await here.connected("fan"), await there.connected("fan")

    notification_id = await told(here)

    for device in (phone, laptop):
        event = await device.received("notification.new")
        assert (event["notification"]["id"], event["unseen"]) == (notification_id, 1)
    assert await laptop.ask("notification.read", notification_id=notification_id) == {"unseen": 0}
    update = await phone.received("notification.updated")
    assert update == {"unseen": 0, "notification_ids": [notification_id]}
    assert len(phone.named("notification.new")) == len(laptop.named("notification.new")) == 1
