"""What a delivery's state is, given our own record and the set of facts that its provider has told of it.

Facts come twice, in any order, and before or after our own record. So the state depends on the set alone: the greatest
rank of what is known wins.

    accepted < failed < delivered < bounced < complained

Proof of arrival outranks a failure that was told of as well (carriers correct themselves); a bounce or a complaint may
follow a delivery, never the other way round. Whoever sees, clicks, unsubscribes or complains has got it.
"""

from collections.abc import Collection

STATE_OF = {
    "accepted": "accepted",
    "failed": "failed",
    "delivered": "delivered",
    "seen": "delivered",
    "clicked": "delivered",
    "unsubscribed": "delivered",
    "bounced": "bounced",
    "complained": "complained",
}
RANK = {"accepted": 1, "failed": 2, "dead": 2, "delivered": 3, "bounced": 4, "complained": 5}
WAITING = frozenset({"planned", "held", "ready", "retry_wait"})
OPEN = frozenset({"unknown", *WAITING, *RANK})
"""States that a report may change. `sending`: the worker that has it will ask; the rest was decided by us."""
CAME_TO_NOTHING = frozenset({"failed", "bounced"})


def state_after(state: str, kinds: Collection[str]) -> str:
    """The state of a delivery that is recorded in `state` and of which facts of these kinds are known.

    While it waits for another attempt, a failure of an earlier one is known already and ends nothing; any other fact
    proves that an earlier one went out after all, and there must be no other.
    """
    if state not in OPEN:
        return state
    told = {STATE_OF[kind] for kind in kinds if kind in STATE_OF}
    if not told or (state in WAITING and told == {"failed"}):
        return state
    best = max(told, key=RANK.__getitem__)
    return best if RANK[best] > RANK.get(state, 0) else state
