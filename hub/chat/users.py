"""People: profiles that the platform writes, and what they may know of each other."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from msgspec import Struct

from hub.chat import exports, render
from hub.clock import Clock
from hub.errors import AuthRevoked, RequestInvalid, UserNotFound
from hub.events import MessageChanged
from hub.views import User
from persistence import conversations, gathering, members, messages
from persistence import users as user_rows
from persistence.erasure import erase_notifications
from persistence.uow import Database, Tx

LOCALES = ("en", "fr", "ht")
ERASED_NAME = "—"


class Profile(Struct, frozen=True, kw_only=True):
    """Who someone is and how to reach them."""

    display_name: str
    roles: Sequence[str] = ()
    email: str | None = None
    phone: str | None = None
    locale: str = "en"
    time_zone: str = "UTC"
    quiet_start: str | None = None
    quiet_end: str | None = None


class Users:
    """Reads and writes profiles."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, user_id: str, profile: Profile) -> User:
        """Creates or replaces a profile. Raises RequestInvalid for an unknown time zone or a phone that is none."""
        values = {
            "id": user_id,
            "display_name": profile.display_name,
            "roles": list(profile.roles),
            "email": profile.email,
            "phone": None if profile.phone is None else e164(profile.phone),
            "locale": profile.locale,
            "time_zone": known_time_zone(profile.time_zone),
            "quiet_start": profile.quiet_start,
            "quiet_end": profile.quiet_end,
        }
        async with self._database.begin() as tx:
            await user_rows.save(tx.connection, values | {"created_at": tx.now, "updated_at": tx.now})
            await gathering.plan_anew(tx.connection, user_id)  # there may be a new address to tell them by
            row = await user_rows.get(tx.connection, user_id)
        return render.user(row)

    async def get(self, user_id: str) -> User:
        """One profile. Raises UserNotFound."""
        async with self._database.read() as connection:
            row = await user_rows.get(connection, user_id)
        if row is None:
            raise UserNotFound
        return render.user(row)

    async def known_or_new(
        self, user_id: str, *, name: str | None, locale: str | None, tz: str | None, issued_ms: int
    ) -> User:
        """The profile of someone with a valid token, made from the token's claims when there is none yet.

        Raises AuthRevoked when the token was issued before the person's sessions were revoked.
        """
        async with self._database.read_one() as connection:
            row = await user_rows.get(connection, user_id)
        if row is not None:
            _check_not_revoked(row.sessions_revoked_at, issued_ms)
            return render.user(row)
        async with self._database.begin() as tx:
            await add_bare(tx, [user_id], name=name, locale=locale, time_zone=tz)
            row = await user_rows.get(tx.connection, user_id)
        return render.user(row)

    async def check_not_revoked(self, user_id: str, issued_ms: int) -> None:
        """Raises AuthRevoked when a token of this person was issued before their sessions were revoked."""
        async with self._database.read_one() as connection:
            revoked_at = await user_rows.sessions_revoked_at(connection, user_id)
        _check_not_revoked(revoked_at, issued_ms)

    async def revoke_sessions(self, user_id: str) -> int:
        """Refuses the tokens that were issued before now, and answers that moment (ms).

        Also for someone whom the hub does not know yet, but whose token may be about.
        """
        async with self._database.begin() as tx:
            await add_bare(tx, [user_id])
            await user_rows.revoke_sessions(tx.connection, user_id, at=tx.now)
        return tx.now

    async def acquainted(self, user_id: str, others: Iterable[str]) -> set[str]:
        """Which of `others` share a conversation with the user; the rest are as if absent to them."""
        async with self._database.read_one() as connection:
            return await members.sharing_a_conversation(connection, user_id, sorted(set(others)))

    async def unread(self, user_id: str, *, issued_ms: int) -> dict[str, int]:
        """Conversation id -> how many messages the user has not read.

        Raises AuthRevoked: a session that begins just while it is revoked hears of it here.
        """
        async with self._database.read_one() as connection:
            _check_not_revoked(await user_rows.sessions_revoked_at(connection, user_id), issued_ms)
            return await messages.unread_of_user(connection, user_id)

    async def erase(self, user_id: str) -> None:
        """Forgets a person: profile, contacts, devices, choices, and the content of what they sent and were told.

        Raises UserNotFound.

        Their messages keep their numbers, so nobody else's history gets a hole.
        """
        async with self._database.begin() as tx:
            if not await user_rows.clear_contacts(tx.connection, user_id, name=ERASED_NAME, at=tx.now):
                raise UserNotFound
            await erase_notifications(tx.connection, user_id, at=tx.now)
            # In live rooms people write without being members.
            taking_part = await members.conversation_ids_of(tx.connection, user_id)
            ids = {*taking_part, *await messages.conversation_ids_of(tx.connection, user_id)}
        for conversation_id in sorted(ids):
            await self._erase_in(user_id, conversation_id)

    async def _erase_in(self, user_id: str, conversation_id: str) -> None:
        async with self._database.begin() as tx:
            conversation = (await conversations.lock(tx.connection, [conversation_id]))[conversation_id]
            rev = conversation.last_rev
            for seq in await messages.kept_of_sender(tx.connection, conversation_id, user_id):
                rev += 1
                await conversations.log_change(
                    tx.connection, conversation_id, rev=rev, change="message.deleted", seq=seq, at=tx.now
                )
                gone = {"body": "", "body_state": "deleted", "reactions": {}, "deleted_at": tx.now, "rev": rev}
                await messages.change(tx.connection, conversation_id, seq, gone)
                row = await messages.get(tx.connection, conversation_id, seq)
                tx.emit(MessageChanged("message.deleted", rev, render.message(row, conversation.order_id)))

    async def export(self, user_id: str) -> dict[str, Any]:
        """All that the hub holds about a person: profile, memberships, what they sent and were told."""
        async with self._database.read() as connection:
            row = await user_rows.get(connection, user_id)
            if row is None:
                raise UserNotFound
            ids = await members.conversation_ids_of(connection, user_id)
            sent = await messages.of_sender(connection, user_id)
            notifications = await exports.notifications_of(connection, user_id)
            choices = await exports.preferences_of(connection, user_id)
            devices = await exports.devices_of(connection, user_id)
        return {
            "user": render.user(row),
            "conversation_ids": list(ids),
            "messages": [render.message(each, None) for each in sent],
            "notifications": notifications,
            "preferences": choices,
            "devices": devices,
        }


def _check_not_revoked(revoked_at: int | None, issued_ms: int) -> None:
    # A token whose `iat` has whole seconds seems older than it is by up to one; it is refused rather than let through.
    if revoked_at is not None and issued_ms < revoked_at:
        raise AuthRevoked


async def add_bare(
    tx: Tx, user_ids: Iterable[str], *, name: str | None = None, locale: str | None = None, time_zone: str | None = None
) -> None:
    """Adds those users that have no row yet, with what is known of them."""
    language = (locale or "en").split("-")[0].lower()
    rows = [
        {
            "id": user_id,
            "display_name": (name or user_id)[:200],
            "roles": [],
            "locale": language if language in LOCALES else "en",
            "time_zone": time_zone if time_zone in time_zones() else "UTC",
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        for user_id in sorted(set(user_ids))
    ]
    await user_rows.add_missing(tx.connection, rows)


def e164(phone: str) -> str:
    """The number as `+50934123456` (E.164). Raises RequestInvalid."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException as error:
        raise RequestInvalid({"field": "phone", "reason": f"not a number with its country code: {error}"}) from None
    if not phonenumbers.is_possible_number(number):
        raise RequestInvalid({"field": "phone", "reason": "no phone has this number"})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA database; read from the disk once."""
    return frozenset(available_timezones())


def known_time_zone(name: str) -> str:
    """`name`, if the IANA database has it. Raises RequestInvalid."""
    if name not in time_zones():
        raise RequestInvalid({"field": "time_zone", "reason": "not a name of the IANA time zone database"})
    return name
