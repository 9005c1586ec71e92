"""Plans: from a wish to tell a person of an event to a notification, its deliveries, and the reasons for each.

Everything is decided here that can be known when the event happens, and decided again when a delivery is due. Many
wishes share a few set-based statements.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hub.channels.base import Channel
from hub.events import InboxChanged
from hub.ids import new_id
from hub.notifications.decisions import Verdict, decide, role_of, wants
from hub.notifications.digest import Digests
from hub.notifications.people import People, know
from hub.notifications.rules import Rule, Rung, rule_for
from hub.settings import Settings
from persistence import notification_planning as rows
from persistence.uow import Tx

LONGEST_KEY = 128
encode = msgspec.json.Encoder().encode


class Wish(Struct, frozen=True, kw_only=True):
    """One person is to be told of one event. Times in ms; `notification_id` names it for ever."""

    notification_id: str
    event_id: str
    user_id: str
    type: str
    data: Mapping[str, Any]
    at: int
    not_before: int | None = None
    expires_at: int | None = None
    priority: int | None = None
    conversation_id: str | None = None
    seq: int | None = None


def group_key(event_type: str, about: object) -> str:
    """Names what is told of the same thing, as an order."""
    return f"{event_type}:{about}".replace("\0", "")[:LONGEST_KEY]


class Plan:
    """The rows of one notification, as they are decided."""

    def __init__(self, wish: Wish, rule: Rule, role: str, now: int) -> None:
        self.wish, self.rule, self.role = wish, rule, role
        self.now = now
        self.inbox = False
        self.reached = False
        """Whether an earlier rung has a way to the person."""
        self.decisions: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        self.digests: list[dict[str, Any]] = []
        """Deliveries that wait for a digest."""
        self.ripe_at: dict[str, int] = {}
        """Their ids -> when a digest that they open goes out."""

    @property
    def group_key(self) -> str | None:
        """What later events of the same thing are recognized by."""
        if self.rule.gathers:
            return f"conversation:{self.wish.conversation_id}"
        about = self.wish.data.get("order_id") or self.wish.conversation_id
        return group_key(self.wish.type, about) if about else None

    @property
    def alerts(self) -> bool:
        """Whether it is told by more than an entry in the inbox."""
        return any(row["channel"] != "in_app" for row in self.deliveries)

    def note(self, place: int, channel: str, verdict: Verdict, **more: Any) -> None:
        """Writes down a decision for the trace."""
        self.decisions.append(
            {
                "rung": place,
                "channel": channel,
                "verdict": "send" if verdict.send else "skip",
                "level": verdict.level,
                "reason": verdict.reason,
                "at": self.now,
                **more,
            }
        )

    def notification(self) -> dict[str, Any]:
        """The notification's row."""
        wish, rule = self.wish, self.rule
        lives = None if rule.expires is None else (wish.not_before or wish.at) + int(rule.expires * 1000)
        return {
            "id": wish.notification_id,
            "event_id": wish.event_id,
            "user_id": wish.user_id,
            "type": wish.type,
            "role": self.role,
            "category": rule.category,
            "priority": rule.priority if wish.priority is None else wish.priority,
            "data": encode(wish.data).decode(),
            "conversation_id": wish.conversation_id,
            "seq": wish.seq,
            "group_key": self.group_key,
            "gathers": rule.gathers,
            "inbox": self.inbox,
            "decisions": encode(self.decisions).decode(),
            "created_at": self.now,
            "expires_at": wish.expires_at if wish.expires_at is not None else lives,
        }

    def delivery(self, place: int, channel: str, due_at: int | None, **more: Any) -> dict[str, Any]:
        """A delivery's row."""
        wish = self.wish
        return {
            "id": new_id(),
            "notification_id": wish.notification_id,
            "rung": place,
            "channel": channel,
            "endpoint_id": "",
            "user_id": wish.user_id,
            "conversation_id": wish.conversation_id,
            "seq": None if self.rule.gathers else wish.seq,
            "priority": self.rule.priority if wish.priority is None else wish.priority,
            "state": "planned",
            "reason": None,
            "due_at": due_at,
            "parent_id": None,
            "created_at": self.now,
            "updated_at": self.now,
            **more,
        }


class Planner:
    """Plans wishes, many at a time, inside the caller's transaction."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._served = settings.served_channels
        self._digests = Digests()

    async def plan(self, tx: Tx, wishes: Sequence[Wish]) -> int:
        """Writes what becomes of the wishes; how many of them were new. A repeat of a wish changes nothing."""
        if not wishes:
            return 0
        people = await know(tx.connection, {wish.user_id for wish in wishes}, now=tx.now)
        throttled = set(await self._throttled(tx, wishes))
        plans = {wish.notification_id: self._plan(wish, people, throttled, tx.now) for wish in wishes}
        new = await rows.add(tx.connection, [each.notification() for each in plans.values()])
        kept = [plan for key, plan in plans.items() if key in new]
        waiting = [row for plan in kept for row in plan.digests]
        await self._digests.join(tx, waiting, {key: at for plan in kept for key, at in plan.ripe_at.items()})
        deliveries = [row for plan in kept for row in plan.deliveries]
        await rows.add_deliveries(tx.connection, [*deliveries, *waiting])
        await self._renew_inbox(tx, kept)
        return len(kept)

    async def _throttled(self, tx: Tx, wishes: Sequence[Wish]) -> Collection[rows.Group]:
        limited = [(wish, rule) for wish in wishes if (rule := rule_for(wish.type)).throttle]
        if not limited:
            return ()
        longest = max(rule.throttle for _, rule in limited)
        users = {wish.user_id for wish, _ in limited}
        return await rows.alerted_since(tx.connection, users, tx.now - int(longest * 1000))

    def _plan(self, wish: Wish, people: People, throttled: set[rows.Group], now: int) -> Plan:
        rule = rule_for(wish.type, wish.priority)
        user = people.users.get(wish.user_id)
        plan = Plan(wish, rule, role_of(wish.user_id, user.roles if user else (), wish.data), now)
        if user is None:
            plan.note(0, "*", Verdict(send=False, level="person", reason="unknown_person"))
            return plan
        held_back = (wish.user_id, plan.group_key) in throttled
        for place, rung in enumerate(rule.rungs):
            self._climb(plan, place, rung, people, throttled=held_back)
        if rule.throttle and plan.group_key is not None and plan.alerts:
            throttled.add((wish.user_id, plan.group_key))  # for the next of these wishes
        return plan

    def _climb(self, plan: Plan, place: int, rung: Rung, people: People, *, throttled: bool) -> None:
        wish, rule = plan.wish, plan.rule
        channel = self._channel(wish, rule, rung, people)
        suppressed = people.suppression(wish.user_id, channel)
        choices = people.choices_of(wish.user_id)
        verdict = decide(rule, rung, wish.type, channel, choices, suppressed, wish.conversation_id)
        if verdict.send and throttled and channel != "in_app":
            verdict = Verdict(send=False, level="throttle", reason="told_recently")
        if verdict.send and channel != "in_app" and channel not in self._served:
            verdict = Verdict(send=False, level="channel", reason="no_provider")
        addresses = people.addresses(wish.user_id, channel) if verdict.send and channel != "in_app" else []
        if verdict.send and channel != "in_app" and not addresses:
            verdict = Verdict(send=False, level="address", reason="no_device" if channel == "push" else "no_address")
        if not verdict.send:
            plan.note(place, channel, verdict)
            return
        if channel == "in_app":
            plan.note(place, channel, verdict)
            plan.inbox = plan.reached = True
            plan.deliveries.append(plan.delivery(place, channel, None, state="accepted"))
            return
        due_at = self._due(plan, rung)
        plan.note(place, channel, verdict, due_at=due_at)
        plan.reached = True
        if rung.digest:
            plan.digests.append(plan.delivery(place, channel, None, state="held", reason="digest"))
            plan.ripe_at[plan.digests[-1]["id"]] = due_at
            return
        for address in addresses:
            plan.deliveries.append(plan.delivery(place, channel, due_at, endpoint_id=address.endpoint_id))

    def _channel(self, wish: Wish, rule: Rule, rung: Rung, people: People) -> Channel:
        """The rung's channel, or the one that the person prefers to it and can be reached by."""
        instead = rung.instead
        if instead is None or not wants(people.choices_of(wish.user_id), wish.type, rule.category, instead):
            return rung.channel
        possible = instead in self._served and people.addresses(wish.user_id, instead)
        return instead if possible else rung.channel

    def _due(self, plan: Plan, rung: Rung) -> int:
        begin = max(plan.wish.at, plan.wish.not_before or 0)
        if rung.fallback and not plan.reached:
            return begin
        return begin + int(self.seconds(rung) * 1000)

    def seconds(self, rung: Rung) -> float:
        """How long after the event a rung is due."""
        return rung.after if rung.setting is None else float(getattr(self._settings, rung.setting))

    async def _renew_inbox(self, tx: Tx, kept: Sequence[Plan]) -> None:
        shown = [plan for plan in kept if plan.inbox]
        groups = {(plan.wish.user_id, plan.group_key): plan.wish.notification_id for plan in shown if plan.rule.gathers}
        if groups:
            older = await rows.unread_of_groups(tx.connection, groups)  # type: ignore[arg-type]  # they have a key
            await rows.replace_in_inbox(
                tx.connection, [row.id for row in older if groups[row.user_id, row.group_key] != row.id]
            )
        for plan in shown:
            tx.emit(InboxChanged(plan.wish.user_id, plan.wish.notification_id))
