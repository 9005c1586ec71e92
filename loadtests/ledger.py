"""Checks the promise while it is measured: what was acked reached both members, once, in the order of its numbers."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct


class Verdict(Struct, frozen=True):
    """How often the promise was broken; every count must be 0."""

    acked: int
    received: int
    """Arrivals at sockets: two for each message, the peer's and the sender's own."""
    lost: int
    """Acked, but not received by a member under the number and id of the ack."""
    duplicated: int
    reordered: int
    unstored: int
    """Acked with a number that the conversation has not reached."""
    refused: int
    unanswered: int

    @property
    def kept(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.duplicated or self.reordered or self.unstored or self.refused or self.unanswered)

    def __str__(self) -> str:
        return (
            f"{self.acked:,} acked, {self.received:,} received; lost {self.lost}, duplicated {self.duplicated}, "
            f"reordered {self.reordered}, unstored {self.unstored}, refused {self.refused}, "
            f"unanswered {self.unanswered}"
        )


class Ledger:
    """What was acked, and what each socket received in which order."""

    def __init__(self) -> None:
        self._members: dict[str, tuple[str, ...]] = {}
        self._acked: list[tuple[str, int, str]] = []
        self._received: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        self.arrivals = 0
        self.refusals: Counter[str] = Counter()
        """Error code -> how often."""
        self.unanswered = 0

    def conversation(self, conversation_id: str, members: Iterable[str]) -> None:
        """Registers who has to receive the conversation's messages."""
        self._members[conversation_id] = tuple(members)

    def acked(self, conversation_id: str, seq: int, client_message_id: str) -> None:
        """A send was acknowledged."""
        self._acked.append((conversation_id, seq, client_message_id))

    def received(self, user_id: str, conversation_id: str, seq: int, client_message_id: str) -> None:
        """A message arrived at a socket."""
        self.arrivals += 1
        self._received[user_id, conversation_id].append((seq, client_message_id))

    @property
    def settled(self) -> bool:
        """Whether as much has arrived as was acked."""
        return self.arrivals >= sum(len(self._members[of]) for of, _, _ in self._acked)

    def verdict(self, heads: dict[str, int]) -> Verdict:
        """The counts, given conversation id -> number of the last stored message."""
        sets = {key: set(arrived) for key, arrived in self._received.items()}
        return Verdict(
            acked=len(self._acked),
            received=self.arrivals,
            lost=sum(
                (seq, message) not in sets.get((member, of), ())
                for of, seq, message in self._acked
                for member in self._members[of]
            ),
            duplicated=sum(len(arrived) - len(sets[key]) for key, arrived in self._received.items()),
            reordered=sum(
                later < earlier for arrived in self._received.values() for (earlier, _), (later, _) in pairwise(arrived)
            ),
            unstored=sum(seq > heads.get(of, 0) for of, seq, _ in self._acked),
            refused=self.refusals.total(),
            unanswered=self.unanswered,
        )
