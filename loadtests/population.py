"""Many people in the tables of a hub that is to be measured, put there at once."""

from typing import Any

from hub.chat.users import LOCALES
from persistence import bulk, users
from persistence.preferences import preference
from persistence.uow import Database

AT_ONCE = 10_000


def person(number: int) -> str:
    """The id of a person."""
    return f"person-{number:06}"


async def add_people(database: Database, count: int, *, consent: bool = False) -> None:
    """People with an e-mail address, in all languages; with `consent` they want platform news by e-mail."""
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        async with database.begin() as tx:
            await bulk.insert_many(tx.connection, users.user, [_user(each, tx.now) for each in numbers])
            if consent:
                await bulk.insert_many(tx.connection, preference, [_choice(each, tx.now) for each in numbers])


def _user(number: int, at: int) -> dict[str, Any]:
    return {
        "id": person(number),
        "display_name": f"Person {number}",
        "roles": ["fan"],
        "email": f"{person(number)}@example.com",
        "locale": LOCALES[number % len(LOCALES)],
        "time_zone": "America/Port-au-Prince",
        "created_at": at,
        "updated_at": at,
    }


def _choice(number: int, at: int) -> dict[str, Any]:
    return {"user_id": person(number), "scope": "category:news", "channel": "email", "allowed": True, "updated_at": at}
