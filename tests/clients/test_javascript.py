"""The stock JavaScript client does everything a page needs, over WebSocket and over polling with its upgrade."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningHub

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "hub" / "web" / "node_modules"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(NODE is None, reason="there is no Node.js here"),
    pytest.mark.skipif(not (MODULES / "socket.io-client").is_dir(), reason="run `make pages` first: no npm packages"),
]


async def run_script(name: str, *arguments: str) -> Any:
    """The facts that a script prints."""
    assert NODE is not None
    process = await asyncio.create_subprocess_exec(
        *(NODE, str(HERE / name), str(MODULES), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complained.decode()
    return json.loads(said)


@pytest.mark.parametrize("mode", ["websocket", "polling"])
async def test_the_stock_javascript_client(hub: RunningHub, mode: str) -> None:
    conversation_id = await hub.order_chat()
    tokens = hub.token("fan", "fan"), hub.token("creator", "creator")

    facts = await run_script("stock.mjs", hub.base, *tokens, conversation_id, mode)

    assert facts["transport"] == "websocket"
    assert facts["ready"]["user"]["id"] == "fan"
    assert facts["ready"]["unread"] == {"total": 0, "conversations": {}, "notifications": 0}
    assert facts["opened"]["success"]
    assert facts["opened"]["data"]["can_send"]
    assert facts["sent"]["data"]["message"]["body"] == "Bonjour, ça va ? 👋"
    assert facts["heard"]["message"] == facts["sent"]["data"]["message"]
    assert facts["repeated"]["data"] == {"message": facts["sent"]["data"]["message"], "deduplicated": True}
    for answer, code in (("unknown_event", "request.invalid"), ("unknown_conversation", "conversation.not_found")):
        assert not facts[answer]["success"]
        assert facts[answer]["error"]["code"] == code
        assert set(facts[answer]["error"]["localized_message"]) == {"en", "fr", "ht"}
        assert facts[answer]["request_id"]
    assert facts["connect_error"]["message"] == "auth.invalid"
    assert facts["connect_error"]["data"]["code"] == "auth.invalid"
    assert facts["connect_error"]["data"]["retryable"] is False
    assert facts["missed"]["message"]["body"] == "while you were away"
