"""The history checker: what was acknowledged, what each client heard and held, and what the server has at the end.

The promise that it checks: a message that was acknowledged is stored once, and every member of its conversation holds
it, once, in the order of the numbers. A client here behaves as a correct one: it applies changes by `rev`, asks for
what is missing when a `rev` is jumped over, and resumes after a lost connection. What it then does not hold is lost.
"""

from array import array
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Literal

from msgspec import Struct

MOST_EXAMPLES = 20
MOST_MISSING = 10_000
DECLARED_SECONDS = 2.0
"""So long after an event out of order a `conversation.resync` still counts for it."""


class Marks(Struct):
    """A member's watermarks as somebody knows them; they only rise."""

    delivered: int = 0
    read: int = 0


class Log:
    """A conversation, as all clients of one generator together know it."""

    __slots__ = ("acked", "heard", "id", "live", "places", "rev", "room")

    def __init__(self, conversation_id: str, *, live: bool = False) -> None:
        self.id = conversation_id
        self.live = live
        """A room without membership rows: no receipts, no unread counts."""
        self.acked: dict[int, str] = {}
        """seq -> client_message_id of what was acknowledged to its sender."""
        self.heard: dict[int, str] = {}
        """The same of what anybody heard first."""
        self.rev = 0
        """The highest that anybody was told of."""
        self.places: list[Place] = []


class Place:
    """One client in one conversation: what it holds, and whether it was told in order."""

    __slots__ = (
        "_declared",
        "_late",
        "_missing",
        "duplicated",
        "first_seq",
        "forked",
        "gaps",
        "gone",
        "held",
        "log",
        "marks",
        "pooled",
        "read_wish",
        "reordered",
        "rev",
        "seqs",
        "session_rev",
        "since",
        "syncing",
        "unread",
        "user_id",
    )

    def __init__(self, log: Log, user_id: str) -> None:
        self.log = log
        self.user_id = user_id
        log.places.append(self)
        self.rev = 0
        """The change up to which it holds everything."""
        self.first_seq = 1
        """Messages from here on are for it; a live room is joined at any time."""
        self.seqs = array("I")
        """Messages that it holds, in the order in which it took them in."""
        self.held: dict[int, tuple[int, float]] = {}
        """rev -> (seq, due) of changes that came before others that are missing."""
        self.session_rev = 0
        """The highest `rev` that this session's live events have shown."""
        self._missing: set[int] = set()
        """What this session's live events have jumped over."""
        self._declared: set[int] = set()
        """The part of it that the hub has owned up to: it may still come, out of order."""
        self._late: list[float] = []
        """When events came out of order, which the hub may own up to in a moment."""
        self.duplicated = self.reordered = self.forked = self.gaps = 0
        self.marks: dict[str, Marks] = {}
        self.unread = 0
        self.read_wish = 0
        """Up to where its person has read, whether the server was told or not."""
        self.pooled = False
        """Whether it waits in the pool of places with something unread."""
        self.since = 0.0
        """When the gap was noticed that is being healed; 0 when there is none."""
        self.syncing = False
        self.gone = False
        """The client has left for good: nothing more is expected of it."""

    @property
    def behind(self) -> bool:
        """Whether others know of changes that this client does not hold."""
        return self.rev < self.log.rev

    def begin_session(self) -> None:
        """A new connection continues after what is held."""
        self.session_rev = self.rev
        self._missing.clear()
        self._declared.clear()
        self._late.clear()

    def resync(self, at: float) -> None:
        """The hub has said that something is missing: until it is asked for, the order of events promises nothing.

        It says so a random moment after it has noticed, so what came out of order just before was meant too.
        """
        self._declared |= self._missing
        self._missing.clear()
        self.reordered -= sum(at - late <= DECLARED_SECONDS for late in self._late)
        self._late.clear()

    def live(self, rev: int, at: float = 0.0) -> Literal["", "duplicated", "reordered"]:
        """Judges the order of this session's live events: each `rev` once, and rising."""
        if rev > self.session_rev:
            if rev > self.session_rev + 1:
                self.gaps += 1
                self._missing.update(range(max(self.session_rev + 1, rev - MOST_MISSING), rev))
            self.session_rev = rev
            return ""
        if rev in self._missing:
            self._missing.discard(rev)
            self.reordered += 1
            self._late.append(at)
            return "reordered"
        if rev in self._declared:
            self._declared.discard(rev)
            return ""
        self.duplicated += 1
        return "duplicated"

    def take(self, rev: int, seq: int, message_id: str, due: float) -> list[tuple[int, float]]:
        """Takes a new message in; gives the (seq, due) that it holds now, none while an earlier one is missing."""
        log = self.log
        if log.heard.setdefault(seq, message_id) != message_id:
            self.forked += 1
        log.rev = max(log.rev, rev)
        if rev <= self.rev:
            return []
        if rev > self.rev + 1:
            self.held[rev] = (seq, due)
            return []
        self.rev = rev
        self.seqs.append(seq)
        return [(seq, due), *self._drain()]

    def skip(self, rev: int) -> list[tuple[int, float]]:
        """Takes a change in that is no new message."""
        self.log.rev = max(self.log.rev, rev)
        if rev != self.rev + 1:
            return []
        self.rev = rev
        return self._drain()

    def _drain(self) -> list[tuple[int, float]]:
        """Takes in what waited for what has just come."""
        taken: list[tuple[int, float]] = []
        if self.held:
            while (following := self.held.pop(self.rev + 1, None)) is not None:
                self.rev += 1
                self.seqs.append(following[0])
                taken.append(following)
            self.held = {rev: each for rev, each in self.held.items() if rev > self.rev}
        return taken

    def mark(self, user_id: str, delivered: int, read: int) -> None:
        """Takes a receipt in; the order does not matter."""
        marks = self.marks.get(user_id)
        if marks is None:
            marks = self.marks[user_id] = Marks()
        marks.delivered = max(marks.delivered, delivered)
        marks.read = max(marks.read, read)


class Verdict(Struct):
    """How often each promise was broken. Everything above the line must be 0."""

    acked_lost: int = 0
    """Acknowledged, but not stored, or not held by a member even after asking."""
    duplicated: int = 0
    """Stored twice, told twice in one session, or held twice."""
    reordered: int = 0
    """Told after a later one in one session, or held out of order."""
    left_behind: int = 0
    """(client, conversation) that did not hold everything until the client asked at the end."""
    not_converged: int = 0
    """Receipts, unread counts or contents that differ between a client and the server at the end."""
    unanswered: int = 0
    """Messages that were never acknowledged."""
    refused: int = 0
    # --- what healed, and how much was checked ---
    gaps: int = 0
    """Jumps of `rev` that clients noticed and healed."""
    resumed: int = 0
    """Connections that were lost and came back."""
    acked: int = 0
    received: int = 0
    stored: int = 0
    places: int = 0
    """(client, conversation) pairs that were compared."""
    unread_compared: int = 0
    examples: list[str] = []
    """The first of what went wrong, in words."""

    @property
    def kept(self) -> bool:
        """Whether every promise was."""
        return not any(self.broken().values())

    def broken(self) -> dict[str, int]:
        """The counts that must be 0."""
        names = (
            "acked_lost",
            "duplicated",
            "reordered",
            "left_behind",
            "not_converged",
            "unanswered",
            "refused",
        )
        return {name: getattr(self, name) for name in names}

    def add(self, other: "Verdict") -> None:
        """Adds another generator's verdict."""
        for name in self.__struct_fields__:
            if name != "examples":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples = [*self.examples, *other.examples][:MOST_EXAMPLES]

    def found(self, what: str, example: str) -> None:
        """Counts something that is wrong."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"{what}: {example}")


class Stored(Struct):
    """What the server has of one conversation at the end."""

    messages: dict[int, str]
    """seq -> client_message_id."""
    head_seq: int
    marks: dict[str, Marks]


def judge(verdict: Verdict, log: Log, stored: Stored) -> None:
    """Compares one conversation's clients with the server."""
    _judge_store(verdict, log, stored)
    for place in log.places:
        if not place.gone:
            _judge_place(verdict, log, stored, place)
    verdict.acked += len(log.acked)
    verdict.stored += len(stored.messages)


def _judge_store(verdict: Verdict, log: Log, stored: Stored) -> None:
    for seq, message_id in log.acked.items():
        if stored.messages.get(seq) != message_id:
            there = stored.messages.get(seq, "nothing")
            verdict.found("acked_lost", f"{log.id} #{seq} was acknowledged as {message_id}, the server has {there}")
    twice = len(stored.messages) - len(set(stored.messages.values()))
    for _ in range(twice):
        verdict.found("duplicated", f"{log.id}: a message is stored under two numbers")
    for seq, message_id in log.heard.items():
        if stored.messages.get(seq) != message_id:
            verdict.found("not_converged", f"{log.id} #{seq} was heard as {message_id}, the server has another")
    if not log.live and len(stored.messages) != stored.head_seq:
        verdict.found("not_converged", f"{log.id} counts {stored.head_seq} messages and has {len(stored.messages)}")


def _judge_place(verdict: Verdict, log: Log, stored: Stored, place: Place) -> None:
    who = f"{place.user_id} in {log.id}"
    verdict.places += 1
    verdict.received += len(place.seqs)
    verdict.gaps += place.gaps
    for what in ("duplicated", "reordered"):
        for _ in range(getattr(place, what)):
            verdict.found(what, f"{who}, in what it was told within one session")
    for _ in range(place.forked):
        verdict.found("not_converged", f"{who} heard another message under a number than others did")
    holds = set(place.seqs)
    for _ in range(len(place.seqs) - len(holds)):
        verdict.found("duplicated", f"{who} holds a message twice")
    for earlier, later in pairwise(place.seqs):
        if later < earlier:
            verdict.found("reordered", f"{who} holds #{later} after #{earlier}")
    for seq in _missing(place, stored.messages, holds):
        word = "was acknowledged and" if seq in log.acked else "is stored and"
        verdict.found("acked_lost", f"#{seq} {word} does not reach {who}")
    for user_id, marks in stored.marks.items():
        mine = place.marks.get(user_id, Marks())
        if mine != marks:
            verdict.found(
                "not_converged",
                f"{who} knows of {user_id} {mine.delivered}/{mine.read} delivered/read, "
                f"the server {marks.delivered}/{marks.read}",
            )


def _missing(place: Place, stored: Iterable[int], holds: set[int]) -> list[int]:
    return [seq for seq in stored if seq >= place.first_seq and seq not in holds]


def judge_unread(verdict: Verdict, place: Place, unread: int) -> None:
    """Compares a client's unread count with the server's."""
    verdict.unread_compared += 1
    if place.unread != unread:
        verdict.found(
            "not_converged", f"{place.user_id} counts {place.unread} unread in {place.log.id}, the server {unread}"
        )


def sentence(verdict: Verdict) -> str:
    """The verdict in words."""
    if not verdict.acked and not verdict.places:
        return "Nothing was checked: no message was acknowledged and nobody was connected."
    checked = (
        f"{verdict.acked:,} acknowledged messages and {verdict.received:,} receptions were compared with what the "
        f"server stores, in {verdict.places:,} places (a client in a conversation)."
    )
    healed = (
        f" {verdict.gaps:,} gaps and {verdict.resumed:,} lost connections were healed."
        if (verdict.gaps or verdict.resumed)
        else ""
    )
    if verdict.kept:
        return f"Every promise was kept. {checked} Nothing was lost, doubled or out of order.{healed}"
    wrong = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in verdict.broken().items() if count)
    return f"A promise was broken: {wrong}. {checked}{healed}"


def as_words(verdict: Verdict) -> dict[str, Any]:
    """The verdict for run.json."""
    return {**{name: getattr(verdict, name) for name in verdict.__struct_fields__}, "kept": verdict.kept}
