"""How the inbox shows a notification: its title and text in the person's language, as they are true now."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType

from hub.clock import rfc3339
from hub.notifications import gist
from hub.notifications.opening import opens
from hub.notifications.rules import PRIORITIES
from hub.notifications.templates import Person, TemplateFailed, Templates
from persistence import notification_planning
from persistence.engine import Connection

log = structlog.get_logger()

Priority = Literal["critical", "high", "normal", "low"]
NAMES: dict[int, Priority] = {number: name for name, number in PRIORITIES.items()}  # type: ignore[misc]


class Notification(Struct, frozen=True, kw_only=True):
    """One entry of a person's inbox. Times that did not happen are left out."""

    id: str
    type: str
    category: str
    priority: Priority
    title: str
    body: str
    url: str
    """Where it leads to."""
    conversation_id: str | UnsetType = UNSET
    data: dict[str, Any]
    created_at: str
    seen_at: str | UnsetType = UNSET
    read_at: str | UnsetType = UNSET
    archived_at: str | UnsetType = UNSET
    snoozed_until: str | UnsetType = UNSET
    """Only while it is put off."""


class Entries:
    """Renders rows of notifications."""

    def __init__(self, templates: Templates, public_url: str) -> None:
        self._templates = templates
        self._public_url = public_url.rstrip("/")

    async def render(self, connection: Connection, rows: Sequence[Any], *, now: int) -> list[Notification]:
        """The rows as their people see them, in the order of the rows."""
        if not rows:
            return []
        await self._templates.refresh_seldom(connection, now)
        people = await notification_planning.people(connection, {row.user_id for row in rows})
        gists = await gist.of_conversations(connection, rows)
        return [self._entry(row, people.get(row.user_id), gists.get(row.id, {}), now) for row in rows]

    def _entry(self, row: Any, person: Any | None, known: Mapping[str, Any], now: int) -> Notification:
        data = msgspec.json.decode(row.data)
        url = opens(self._public_url, row.conversation_id, data)
        title, body = self._words(row, person, {**data, **known}, url, now)
        return Notification(
            id=row.id,
            type=row.type,
            category=row.category,
            priority=NAMES.get(row.priority, "normal"),
            title=title,
            body=body,
            url=url,
            conversation_id=row.conversation_id or UNSET,
            data=data,
            created_at=rfc3339(row.created_at),
            seen_at=_time(counting(row, row.seen_at, now)),
            read_at=_time(counting(row, row.read_at, now)),
            archived_at=_time(row.archived_at),
            snoozed_until=_time(row.snoozed_until if (row.snoozed_until or 0) > now else None),
        )

    def _words(self, row: Any, person: Any | None, data: Mapping[str, Any], url: str, now: int) -> tuple[str, str]:
        whom = Person(
            user_id=row.user_id,
            name=person.display_name if person else row.user_id,
            locale=person.locale if person else "en",
            time_zone=person.time_zone if person else "UTC",
            roles=tuple(person.roles) if person else (),
        )
        links = {"open": url, "preferences": f"{self._public_url}/preferences.html"}
        try:
            words = self._templates.render(
                row.type, row.role, "in_app", whom, data, stable=row.user_id, now=now, links=links
            )
        except TemplateFailed as error:  # one entry that cannot be worded must not hide the others
            log.warning("inbox.template_failed", type=row.type, notification_id=row.id, reason=str(error))
            return row.type.replace(".", " ").replace("_", " ").capitalize(), ""
        return words.subject or "", words.text


def counting(row: Any, at: int | None, now: int) -> int | None:
    """`at` (ms), unless a snooze has ended since: then the entry is as new; see `persistence/inbox.py`."""
    snooze = row.snoozed_until
    return None if at is not None and snooze is not None and at < snooze <= now else at


def _time(at: int | None) -> str | UnsetType:
    return UNSET if at is None else rfc3339(at)
