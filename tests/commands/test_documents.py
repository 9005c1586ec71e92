"""`hub openapi` and `hub asyncapi` print what the hub serves."""

import json

import pytest

from tests.commands.conftest import Run


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
async def test_the_document_is_json_and_nothing_else(run_hub: Run, name: str) -> None:
    done = await run_hub(name)

    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert document[name].startswith("3.")
    assert document["info"]["title"]
