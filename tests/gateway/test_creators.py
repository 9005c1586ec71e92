"""What a creator may create, and what only the platform may."""

from typing import Any

import pytest

from tests.running import RunningHub

MEMBERS = [{"user_id": "creator", "role": "creator"}, {"user_id": "fan", "role": "fan"}]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"kind": "support"}, 403),
        ({"members": [{"user_id": "creator", "role": "support"}, MEMBERS[1]]}, 403),
        ({"members": [MEMBERS[0], {"user_id": "fan", "role": "admin"}]}, 403),
        ({"members": [{"user_id": "creator", "role": "fan"}, MEMBERS[1]]}, 403),
        ({"members": [MEMBERS[1]]}, 403),
    ],
)
async def test_a_creator_cannot_make_staff_or_strangers_talk(
    edge: RunningHub, change: dict[str, Any], status: int
) -> None:
    for user_id in ("creator", "fan"):
        await edge.user(user_id)
    body = {"kind": "direct", "members": MEMBERS, **change}
    token = edge.token("creator", "creator")
    got, _ = await edge.http("POST", "/api/v1/conversations", body, token=token)
    assert got == status
