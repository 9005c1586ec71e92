"""What is logged while a test runs; an error or a traceback in it fails the test."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

ALARMING = ("error", "critical")
ONCE = "(further occurrences of this error will be logged with level INFO)"
"""What Engine.IO adds to the mistakes of clients, which it logs as errors; one test is about them."""


class Logs(logging.Handler):
    """Everything that the hub (structlog) and its libraries (logging) have logged."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Any] = []
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def alarms(self) -> list[str]:
        """What would wake an operator."""
        ours = [repr(each) for each in self.entries if each["log_level"] in ALARMING or each.get("exc_info")]
        theirs = [
            f"{each.name}: {each.getMessage()} {each.exc_info}"
            for each in self.records
            if (each.levelno >= logging.ERROR or each.exc_info) and ONCE not in each.getMessage()
        ]
        return ours + theirs

    def blamed_on_us(self) -> list[str]:
        """What Engine.IO has called an error although a client made it."""
        return [each.getMessage() for each in self.records if ONCE in each.getMessage()]

    def named(self, event: str) -> list[Any]:
        """The hub's entries of this name."""
        return [each for each in self.entries if each["event"] == event]


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[Logs]:
    """The logs of this test. It fails when an error or a traceback was logged."""
    logs = Logs()
    root = logging.getLogger()
    root.addHandler(logs)
    with capture_logs() as logs.entries:
        yield logs
    root.removeHandler(logs)
    alarms = logs.alarms()
    if alarms:
        pytest.fail("logged:\n" + "\n".join(alarms), pytrace=False)
