"""`hub doctor` and the key of Web Push."""

from pathlib import Path

import pytest

from hub.channels.vapid import make_private_key, public_key
from tests.commands.conftest import Run


async def test_a_new_key_is_printed_as_a_line_for_the_env_file(run_hub: Run, tmp_path: Path) -> None:
    done = await run_hub("doctor", "--vapid")

    assert done.code == 0, done
    comment, line = done.out.splitlines()
    name, _, private = line.partition("=")
    assert name == "HUB_VAPID_PRIVATE_KEY"
    assert comment == f"# the public key, which browsers get: {public_key(private)}"

    (tmp_path / ".env").write_text(done.out)
    checked = await run_hub("config", "check")
    assert checked.code == 0, checked


@pytest.mark.parametrize(
    ("key", "subject", "said"),
    [
        ("", "mailto:operator@localhost", "ok       push: no HUB_VAPID_PRIVATE_KEY"),
        (make_private_key(), "mailto:ops@example.com", "ok       push: browsers subscribe with B"),
        (make_private_key(), "mailto:operator@localhost", "problem  push: HUB_VAPID_SUBJECT"),
        (make_private_key(), "ops@example.com", "problem  push: HUB_VAPID_SUBJECT"),
        ("A" * 43, "mailto:ops@example.com", "problem  push: HUB_VAPID_PRIVATE_KEY"),
    ],
)
async def test_doctor_looks_at_the_key(run_hub: Run, sqlite_url: str, key: str, subject: str, said: str) -> None:
    variables = {"HUB_VAPID_PRIVATE_KEY": key, "HUB_VAPID_SUBJECT": subject}

    done = await run_hub("doctor", HUB_DATABASE_URL=sqlite_url, **variables)

    assert said in done.out
    assert not key or key not in done.out
    assert "Traceback" not in done.err
