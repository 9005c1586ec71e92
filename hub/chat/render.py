"""Rows as a viewer sees them. History is rendered anew each time, so a later change shows everywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from hub.chat.access import closed_reason, refusal_for
from hub.clock import rfc3339
from hub.views import LIVE_KINDS, Conversation, ConversationState, Head, Member, Message, User


def _time(ms: int | None) -> str | UnsetType:
    return UNSET if ms is None else rfc3339(ms)


def _or_unset(value: Any) -> Any:
    return UNSET if value is None else value


def message(row: Any, order_id: str | None, names: Mapping[str, str] | None = None) -> Message:
    """A message row on the wire; a deleted one keeps its place and loses its content. `names`: see `names_in`."""
    gone = row.deleted_at is not None
    return Message(
        id=row.id,
        conversation_id=row.conversation_id,
        order_id=_or_unset(order_id),
        seq=row.seq,
        rev=row.rev,
        client_message_id=row.client_message_id,
        sender_id=row.sender_id,
        sender_name=(names or {}).get(row.sender_id, UNSET),
        kind=row.kind,
        body="" if gone else row.body,
        body_state="deleted" if gone else row.body_state,
        reply_to_seq=_or_unset(row.reply_to_seq),
        reactions={} if gone else row.reactions,
        created_at=rfc3339(row.created_at),
        edited_at=_time(row.edited_at),
        deleted_at=_time(row.deleted_at),
    )


def member(row: Any) -> Member:
    """A member row that was read with its `display_name`."""
    return Member(
        user_id=row.user_id,
        role=row.role,
        display_name=row.display_name,
        delivered_seq=row.delivered_seq,
        read_seq=row.read_seq,
    )


def _state_fields(row: Any, now: int) -> dict[str, Any]:
    reason = closed_reason(row, now)
    return {
        "id": row.id,
        "kind": row.kind,
        "state": "open" if reason is None else "closed",
        "head": Head(row.last_seq, row.last_rev),
        "order_id": _or_unset(row.order_id),
        "title": _or_unset(row.title),
        "reason": _or_unset(reason),
        "opens_at": _time(row.opens_at),
        "closes_at": _time(row.closes_at),
        "slow_mode_seconds": row.slow_mode_seconds if row.kind in LIVE_KINDS else UNSET,
    }


def state(row: Any, now: int) -> ConversationState:
    """What of a conversation is the same for everybody."""
    return ConversationState(**_state_fields(row, now))


def conversation(
    row: Any, *, viewer_role: str, members: Sequence[Any], unread: int, last_message: Any | None, now: int
) -> Conversation:
    """A conversation row for one viewer."""
    return Conversation(
        **_state_fields(row, now),
        members=[member(each) for each in members],
        unread=unread,
        can_send=refusal_for(row, viewer_role, now) is None,
        created_at=rfc3339(row.created_at),
        updated_at=rfc3339(row.updated_at),
        last_message=UNSET if last_message is None else message(last_message, row.order_id),
    )


def user(row: Any) -> User:
    """A user row; a Mapping with the same keys does as well."""
    quiet: dict[str, str] | UnsetType = UNSET
    if row.quiet_start is not None and row.quiet_end is not None:
        quiet = {"start": row.quiet_start, "end": row.quiet_end}
    return User(
        id=row.id,
        display_name=row.display_name,
        roles=list(row.roles),
        locale=row.locale,
        time_zone=row.time_zone,
        email=_or_unset(row.email),
        phone=_or_unset(row.phone),
        quiet_hours=quiet,
        created_at=rfc3339(row.created_at),
        updated_at=rfc3339(row.updated_at),
    )


def change(
    entry: Any, messages: Mapping[int, Any], conversation_row: Any, now: int, names: Mapping[str, str]
) -> dict[str, Any]:
    """The fields of a `Change` for a log entry (rev, type, seq)."""
    fields: dict[str, Any] = {"type": entry.type, "conversation_id": conversation_row.id, "rev": entry.rev}
    if entry.seq is not None:
        fields["message"] = message(messages[entry.seq], conversation_row.order_id, names)
    else:
        fields["conversation"] = state(conversation_row, now)
    return fields
