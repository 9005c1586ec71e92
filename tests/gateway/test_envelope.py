"""The two shapes of every answer, and errors in every language of the hub."""

import re

import pytest

from hub.errors import HubError, all_errors
from hub.gateway.envelope import failure
from hub.gateway.localization import localized
from tests.logs import Logs
from tests.running import RunningHub


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.code)
def test_every_error_speaks_every_language(error: type[HubError]) -> None:
    told = localized(error())

    assert set(told) == {"en", "fr", "ht"}
    assert all(told.values())
    assert len(set(told.values())) == 3  # none fell back to another
    assert "\n" not in told["en"]


def test_every_code_is_dotted_and_has_one_status() -> None:
    errors = all_errors()

    assert len({error.code for error in errors}) == len(errors)
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", error.code) for error in errors)
    assert all(400 <= error.status < 600 for error in errors)


async def test_http_and_socket_give_the_same_error(edge: RunningHub) -> None:
    fan = await edge.connected("fan")
    nothing = "01900000-0000-7000-8000-000000000000"

    status, by_http = await edge.http("GET", f"/api/v1/conversations/{nothing}", token=fan.token)
    by_socket = await fan.client.call("conversation.open", {"conversation_id": nothing})

    assert status == 404
    assert set(by_http) == set(by_socket) == {"success", "error", "request_id"}
    assert by_http["error"] == by_socket["error"]
    assert by_http["error"] == {
        "code": "conversation.not_found",
        "message": "There is no such conversation, or you do not take part in it.",
        "details": {},
        "localized_message": by_http["error"]["localized_message"],
        "retryable": False,
        "retry_after_ms": None,
    }


async def test_an_error_of_our_own_is_logged_and_shows_nothing_of_itself(quiet_logs: Logs) -> None:
    told = failure(ZeroDivisionError("secret"), where="test", request_id="r-1")

    assert (told.error.code, told.error.retryable, told.request_id) == ("internal.error", True, "r-1")
    assert "secret" not in repr(told)
    (entry,) = quiet_logs.named("request.failed")
    assert entry["request_id"] == "r-1"
    quiet_logs.entries.remove(entry)  # this one was wanted
