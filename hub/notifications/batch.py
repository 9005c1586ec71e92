"""What is known of some deliveries of one channel when they are due, and what follows from it for each.

Read with a few statements for all of them; the checks are of one row each.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from hub.channels.base import Channel
from hub.notifications import digest, unread
from hub.notifications.decisions import decide
from hub.notifications.ladder import success
from hub.notifications.people import Address, People, know
from hub.notifications.quiet import quiet_until
from hub.notifications.rules import DAY, HOUR, Rule, rule_for
from persistence import delivering, members, news
from persistence import notification_planning as rows
from persistence.suppressions import address_hash
from persistence.uow import Tx

LOOK_AGAIN_MS = 5_000
"""Someone who is looking at the conversation is asked about again after this."""
OPEN_PAGE_MS = 20_000
"""A message that reached an open page may be read there in a moment: its push waits so much longer, once."""
ON_A_PAGE = "reached an open page"
CAPS: Mapping[str, tuple[int, float]] = {
    "push": (60, HOUR),
    "email": (20, HOUR),
    "sms": (10, DAY),
    "whatsapp": (30, DAY),
}
"""Channel -> how many alerts of all events together a person gets in so many seconds; more of them wait."""
TOLD_MS = int(7 * DAY * 1000)
"""What was told longer ago may be told again together with something new."""
WINDOW_MS = int(DAY * 1000)
"""WhatsApp lets us answer freely for 24 h after a person wrote (Meta, customer service window)."""

Stream = tuple[str, str | None, str]
"""(user, conversation, endpoint): who is told of what, where; a digest is of no one conversation."""


class Leased(Struct, frozen=True):
    """A delivery that shall go, with what its content is made of."""

    row: Any
    notification: Any
    rule: Rule
    user: Any
    address: Address
    token: str
    news: Sequence[Any]
    """News of the conversations that it tells of (see `persistence.news`), for unread messages and digests."""
    children: Sequence[Any]
    """What a digest carries."""
    window_open: bool
    again: bool
    """Its worker died, or its answer got lost, while it was being sent."""


class Verdict(Struct, frozen=True):
    """Where a delivery goes instead of out: a state, why, and when to look again."""

    state: str
    reason: str
    due_at: int | None = None


class Batch:
    """What is known of some deliveries of one channel, read with a few statements."""

    def __init__(self, channel: Channel, now: int) -> None:
        self.channel, self.now = channel, now
        self.notifications: dict[str, Any] = {}
        self.people: People
        self.rungs: dict[str, list[Any]] = {}
        self.children: dict[str, list[Any]] = {}
        self.unwanted: list[tuple[Any, str]] = []
        """What waited in digests, and why the person does not want to be told of it any more."""
        self.news: dict[news.Pair, Any] = {}
        self.sent: dict[str, tuple[int, int]] = {}
        self.windows: set[str] = set()
        self.read_seqs: dict[news.Pair, int] = {}
        self.looking: set[tuple[str, str]] = set()
        self.under_way: set[Stream] = set()

    @classmethod
    async def load(cls, tx: Tx, channel: Channel, due: Sequence[Any]) -> "Batch":
        """Reads all that is known of these rows; what gathers is held first, so that nothing joins unseen."""
        batch = cls(channel, tx.now)
        connection = tx.connection
        batch.notifications = await delivering.notifications(connection, {row.notification_id for row in due})
        digests = [row.id for row in due if batch.type(row) == digest.TYPE]
        # Held before anything is read of what is new: what comes after it finds the notification closed.
        groups = {(row.user_id, row.group_key) for row in batch.notifications.values() if row.gathers}
        groups |= await _groups_in(tx, digests)
        await rows.hold(connection, groups)
        await rows.hold(connection, await _groups_in(tx, digests) - groups)  # joined until the digest was held
        batch.people = await know(connection, {row.user_id for row in due}, now=tx.now)
        climbed = {row.notification_id for row in due if row.rung}
        batch.rungs = await delivering.rungs(connection, climbed) if climbed else {}
        found = await delivering.children(connection, digests) if digests else {}
        batch.children = {key: [row for row in waiting if batch._is_wanted(row)] for key, waiting in found.items()}
        await batch._load_news(tx, due)
        messages = {(row.conversation_id, row.user_id) for row in due if row.seq is not None and row.conversation_id}
        if messages:
            marks = await members.of_pairs(connection, messages)
            batch.read_seqs = {pair: member.read_seq for pair, member in marks.items()}
        _, seconds = CAPS[channel]
        if any(not batch.rule(row).critical for row in due):
            since = tx.now - int(seconds * 1000)
            users = {row.user_id for row in due}
            batch.sent = await rows.sent_since(connection, users, channel, since)
        if channel == "whatsapp":
            hashes = [address_hash(row.phone) for row in batch.people.users.values() if row.phone]
            batch.windows = await delivering.windows(connection, channel, hashes, since=tx.now - WINDOW_MS)
        return batch

    def _is_wanted(self, child: Any) -> bool:
        """Whether the person still wants to be told of it; they may have muted the conversation since."""
        rule, choices = rule_for(unread.TYPE), self.people.choices_of(child.user_id)
        found = decide(rule, rule.rungs[child.rung], unread.TYPE, self.channel, choices, {}, child.conversation_id)
        if not found.send:
            self.unwanted.append((child, f"{found.level}: {found.reason}"))
        return found.send

    async def _load_news(self, tx: Tx, due: Sequence[Any]) -> None:
        # A service may publish this type itself, about nothing.
        telling = [row for row in due if self.type(row) == unread.TYPE and row.conversation_id is not None]
        telling += [row for found in self.children.values() for row in found if row.conversation_id is not None]
        pairs = {(row.conversation_id, row.user_id) for row in telling}
        if pairs:
            since = tx.now - TOLD_MS
            told = await delivering.told(tx.connection, self.channel, pairs, since=since, but=set(self.notifications))
            self.news = await news.of_pairs(tx.connection, {pair: told.get(pair, 0) for pair in pairs})
            digests_of = {row.user_id for row in due if self.type(row) == digest.TYPE}
            ours = {row.id for row in due if row.state != "sending"}
            under_way = await delivering.under_way(tx.connection, self.channel, pairs, digests_of)
            self.under_way = {_stream(row) for row in under_way if row.id not in ours}

    def type(self, row: Any) -> str:
        """The type of the event that a delivery tells of."""
        return str(self.notifications[row.notification_id].type)

    def rule(self, row: Any) -> Rule:
        """The rule that it goes by."""
        return rule_for(self.type(row), row.priority)

    def address(self, row: Any) -> Address | None:
        """Where it goes; None when the address or the device is gone."""
        found = self.people.addresses(row.user_id, self.channel)
        return next((each for each in found if each.endpoint_id == row.endpoint_id), None)

    def news_of_digest(self, row: Any) -> list[Any]:
        """What is new in the conversations of a digest."""
        pairs = dict.fromkeys((child.conversation_id, child.user_id) for child in self.children.get(row.id, ()))
        return [self.news[pair] for pair in pairs if pair in self.news]

    def conversations(self, row: Any) -> list[str]:
        """Those that it tells of."""
        if self.type(row) == digest.TYPE:
            return [str(each.conversation_id) for each in self.news_of_digest(row)]
        return [] if row.conversation_id is None else [row.conversation_id]

    def succeeded(self, row: Any, notification: Any, rule: Rule) -> Verdict | None:
        """An earlier rung, or the person, made it needless."""
        if self.type(row) == digest.TYPE or row.rung >= len(rule.rungs):
            return None
        earlier = [each for each in self.rungs.get(row.notification_id, ()) if each.rung < row.rung]
        how = success(notification, earlier, rule.rungs[row.rung].success)
        alerted = row.rung > 0 or how in ("read", "replied", "paid")
        return Verdict("cancelled", how) if how is not None and alerted else None

    def was_read(self, row: Any) -> Verdict | None:
        """What is about one message: it may have been read before the delivery was planned."""
        read = self.read_seqs.get((row.conversation_id, row.user_id), 0)
        return Verdict("cancelled", "read") if row.seq is not None and row.seq <= read else None

    def refused(self, row: Any, notification: Any, rule: Rule) -> Verdict | None:
        """There is no way to the person any more, or they do not want it."""
        if self.address(row) is None:
            return Verdict("suppressed", "no_device" if self.channel == "push" else "no_address")
        rung = rule.rungs[min(row.rung, len(rule.rungs) - 1)]
        suppressed = self.people.suppression(row.user_id, self.channel)
        choices = self.people.choices_of(row.user_id)
        conversation_id = notification.conversation_id
        found = decide(rule, rung, notification.type, self.channel, choices, suppressed, conversation_id)
        return None if found.send else Verdict("suppressed", f"{found.level}: {found.reason}")

    def disturbs(self, row: Any, rule: Rule) -> Verdict | None:
        """It is quiet where the person lives."""
        user = self.people.users.get(row.user_id)
        if user is None or rule.critical:
            return None
        until = quiet_until(self.now, user.time_zone, user.quiet_start, user.quiet_end)
        return None if until is None else Verdict("held", "quiet hours", until)

    def over_the_cap(self, row: Any, rule: Rule) -> Verdict | None:
        """The person had many alerts lately; counts this one in otherwise."""
        most, seconds = CAPS[self.channel]
        count, first = self.sent.get(row.user_id, (0, self.now))
        if rule.critical:
            return None
        if count >= most:
            return Verdict("held", "too many at once", first + int(seconds * 1000) + 1)
        self.sent[row.user_id] = (count + 1, first)
        return None

    def on_a_page(self, row: Any, rule: Rule) -> Verdict | None:
        """Somebody looks at it, or has just got it on an open page."""
        if rule.critical:
            return None
        if any((row.user_id, each) in self.looking for each in self.conversations(row)):
            return Verdict("held", "looking at it", self.now + LOOK_AGAIN_MS)
        found = self.news.get((row.conversation_id, row.user_id))
        if row.channel != "push" or found is None or row.reason == ON_A_PAGE:
            return None
        if found.delivered_seq >= found.last_seq:
            return Verdict("held", ON_A_PAGE, self.now + OPEN_PAGE_MS)
        return None

    def behind_another(self, row: Any) -> Verdict | None:
        """Two at once about the same messages would tell them twice: one waits until the other is known to have."""
        if self.type(row) not in (unread.TYPE, digest.TYPE):
            return None
        if row.state == "sending":
            return None
        if _stream(row) in self.under_way:
            return Verdict("planned", "another is on its way", self.now + LOOK_AGAIN_MS)
        self.under_way.add(_stream(row))
        return None

    def leased(self, row: Any, token: str) -> Leased:
        """The delivery with all that its content is made of. It was not refused before."""
        address = self.address(row)
        if address is None:
            raise AssertionError("a delivery without an address was refused before")
        found = self.news.get((row.conversation_id, row.user_id))
        return Leased(
            row=row,
            notification=self.notifications[row.notification_id],
            rule=self.rule(row),
            user=self.people.users[row.user_id],
            address=address,
            token=token,
            news=self.news_of_digest(row) if self.type(row) == digest.TYPE else [found] if found else [],
            children=self.children.get(row.id, ()),
            window_open=self.channel == "whatsapp" and address_hash(address.to) in self.windows,
            again=row.state == "sending",
        )


async def _groups_in(tx: Tx, digests: Sequence[str]) -> set[rows.Group]:
    """What waits in digests is about."""
    found = await delivering.children(tx.connection, digests) if digests else {}
    return {(row.user_id, f"conversation:{row.conversation_id}") for waiting in found.values() for row in waiting}


def _stream(row: Any) -> Stream:
    return row.user_id, row.conversation_id, row.endpoint_id
