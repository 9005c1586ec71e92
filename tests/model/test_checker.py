"""The checker must find what it is for: each kind of fault, planted in a history that was right."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.model.history import History, State, check, replay


def message(seq: int, rev: int, body: str = "x") -> dict[str, Any]:
    return {"seq": seq, "rev": rev, "body": body, "sender_id": "fan"}


def change(rev: int, seq: int, body: str = "x") -> tuple[str, Any]:
    return ("change", {"rev": rev, "type": "message.new", "message": message(seq, rev, body)})


def right() -> tuple[History, State]:
    """A history without faults, and the server's state that fits it."""
    snapshot = {
        "head": {"seq": 1, "rev": 1},
        "messages": [message(1, 1)],
        "members": [{"user_id": "fan", "delivered_seq": 0, "read_seq": 0}],
        "conversation": {"unread": 1, "state": "open"},
    }
    entries: list[tuple[str, Any]] = [
        ("snapshot", snapshot),
        change(2, 2),
        change(3, 1, "edited"),
        ("receipt", {"user_id": "fan", "delivered_seq": 2, "read_seq": 1}),
        change(4, 3),
        ("change", {"rev": 5, "type": "conversation.updated", "conversation": {"state": "closed", "reason": "r"}}),
        ("unread", 2),
    ]
    history = History(deepcopy(entries))
    truth = {
        "rev": 5,
        "messages": {1: message(1, 3, "edited"), 2: message(2, 2), 3: message(3, 4)},
        "receipts": {"fan": (2, 1)},
        "unread": 2,
        "conversation": {"state": "closed", "reason": "r"},
    }
    return history, truth


def lost_event(entries: list[Any]) -> None:
    del entries[1]


def lost_last_event(entries: list[Any]) -> None:
    del entries[5]


def duplicate(entries: list[Any]) -> None:
    entries.insert(2, entries[1])


def reorder(entries: list[Any]) -> None:
    entries[1], entries[2] = entries[2], entries[1]


def wrong_unread(entries: list[Any]) -> None:
    entries[-1] = ("unread", 3)


def lost_receipt(entries: list[Any]) -> None:
    del entries[3]


def other_body(entries: list[Any]) -> None:
    entries[4] = change(4, 3, "other")


def message_twice(entries: list[Any]) -> None:
    entries.append(change(6, 4))


def lost_state(entries: list[Any]) -> None:
    entries[5] = ("change", {"rev": 5, "type": "conversation.updated", "conversation": {"state": "open"}})


FAULTS: list[tuple[Callable[[list[Any]], None], str]] = [
    (lost_event, "between 1 and 3 a change is missing"),
    (lost_last_event, "rev is 4, the server has 5"),
    (duplicate, "change 2 was applied after 2"),
    (reorder, "change 2 was applied after 3"),
    (wrong_unread, "unread is 3, the server has 2"),
    (lost_receipt, "receipts is {'fan': (0, 0)}"),
    (other_body, "message 3 is"),
    (message_twice, "message 4 is"),
    (lost_state, "conversation is {'state': 'open'}"),
]


def test_a_history_without_faults_passes() -> None:
    history, truth = right()

    assert check(history, truth) == []


@pytest.mark.parametrize(("plant", "found"), FAULTS, ids=[plant.__name__ for plant, _ in FAULTS])
def test_a_planted_fault_is_found(plant: Callable[[list[Any]], None], found: str) -> None:
    history, truth = right()

    plant(history.entries)

    assert any(found in each for each in check(history, truth)), check(history, truth)


def test_what_comes_late_does_not_undo_what_is_newer() -> None:
    history, truth = right()
    history.add("receipt", {"user_id": "fan", "delivered_seq": 1, "read_seq": 1})

    assert replay(history)[0]["receipts"] == truth["receipts"]
