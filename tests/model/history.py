"""What a client has applied, in order; and the checker that replays it and compares it with the server's state."""

from dataclasses import dataclass, field
from typing import Any

State = dict[str, Any]
"""rev, messages {seq: message}, receipts {user_id: (delivered, read)}, unread, conversation {state, reason …}."""

SHARED = ("state", "reason", "opens_at", "closes_at", "title")
"""The fields of a conversation that its log changes."""


@dataclass
class History:
    """The applied entries: ("snapshot", state) | ("change", change) | ("receipt", receipt) | ("unread", count)."""

    entries: list[tuple[str, Any]] = field(default_factory=list)

    def add(self, kind: str, entry: Any) -> None:
        self.entries.append((kind, entry))


def empty() -> State:
    return {"rev": 0, "messages": {}, "receipts": {}, "unread": 0, "conversation": {}}


def shared(conversation: dict[str, Any]) -> dict[str, Any]:
    return {key: conversation[key] for key in SHARED if key in conversation}


def of_snapshot(snapshot: dict[str, Any]) -> State:
    """The state that a `conversation.open` answer or a reset shows."""
    return {
        "rev": snapshot["head"]["rev"],
        "messages": {message["seq"]: message for message in snapshot["messages"]},
        "receipts": {each["user_id"]: (each["delivered_seq"], each["read_seq"]) for each in snapshot["members"]},
        "unread": snapshot["conversation"]["unread"],
        "conversation": shared(snapshot["conversation"]),
    }


def apply_change(state: State, change: dict[str, Any]) -> None:
    """One entry of the log; a message may be newer than the entry, never older than what is held."""
    state["rev"] = max(state["rev"], change["rev"])
    message = change.get("message")
    if message is not None:
        held = state["messages"].get(message["seq"])
        if held is None or held["rev"] <= message["rev"]:
            state["messages"][message["seq"]] = message
    if "conversation" in change:
        state["conversation"] = shared(change["conversation"])


def apply_receipt(state: State, user_id: str, delivered: int, read: int) -> None:
    """Watermarks only rise, so the order in which they are heard does not matter."""
    before = state["receipts"].get(user_id, (0, 0))
    state["receipts"][user_id] = (max(before[0], delivered), max(before[1], read))


def replay(history: History) -> tuple[State, list[str]]:
    """The state that the applied entries give, and what is wrong with their order."""
    state, wrong = empty(), []
    for kind, entry in history.entries:
        match kind:
            case "snapshot":
                state = of_snapshot(entry)
            case "change":
                rev = entry["rev"]
                if rev <= state["rev"]:
                    wrong.append(f"change {rev} was applied after {state['rev']}")
                elif rev > state["rev"] + 1:
                    wrong.append(f"between {state['rev']} and {rev} a change is missing")
                apply_change(state, entry)
            case "receipt":
                apply_receipt(state, entry["user_id"], entry["delivered_seq"], entry["read_seq"])
            case "unread":
                state["unread"] = entry
    return state, wrong


def differences(mine: State, truth: State) -> list[str]:
    """What one state has otherwise than the other, in words."""
    found = [
        f"{key} is {mine[key]}, the server has {truth[key]}"
        for key in ("rev", "unread", "conversation", "receipts")
        if mine[key] != truth[key]
    ]
    for seq in sorted({*mine["messages"], *truth["messages"]}):
        ours, theirs = mine["messages"].get(seq), truth["messages"].get(seq)
        if ours != theirs:
            found.append(f"message {seq} is {ours}, the server has {theirs}")
    return found


def check(history: History, truth: State) -> list[str]:
    """Everything that is wrong with what a client has applied; nothing when all is well."""
    state, wrong = replay(history)
    return [*wrong, *differences(state, truth)]
