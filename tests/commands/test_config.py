"""`hub config`: a wrong setting ends with code 2 and is named; a misspelt one is warned about."""

from pathlib import Path

import pytest

from hub.settings import DEVELOPMENT_SECRET
from tests.commands.conftest import Run
from tests.conftest import SECRET

WRONG = [
    ({"HUB_SMTP_PORT": "many"}, "HUB_SMTP_PORT"),
    ({"HUB_ENV": "staging"}, "HUB_ENV"),
    ({"HUB_RATE_LIMITS": "maybe"}, "HUB_RATE_LIMITS"),
    ({"HUB_UNREAD_EMAIL_SECONDS": "-1"}, "HUB_UNREAD_EMAIL_SECONDS"),
    ({"HUB_JWT_SECRET": "short"}, "HUB_JWT_SECRET"),
    ({"HUB_DATABASE_URL": "mysql://x"}, "HUB_DATABASE_URL"),
    ({"HUB_DATABASE_URL": "postgresql+asyncpg://hub@localhost:notaport/hub"}, "HUB_DATABASE_URL"),
    ({"HUB_REDIS_URL": "http://localhost"}, "HUB_REDIS_URL"),
    ({"HUB_TRUSTED_PROXIES": "not an address"}, "HUB_TRUSTED_PROXIES"),
    ({"HUB_SMTP_HOST": "mail", "HUB_SMTP_FROM": "The Hub"}, "HUB_SMTP_FROM"),
    ({"HUB_VAPID_PRIVATE_KEY": "a-key"}, "HUB_VAPID_PRIVATE_KEY"),
    ({"HUB_ENV": "production", "HUB_JWT_SECRET": DEVELOPMENT_SECRET}, "HUB_JWT_SECRET"),
    ({"HUB_ENV": "production", "HUB_RATE_LIMITS": "off"}, "HUB_RATE_LIMITS"),
]


@pytest.mark.parametrize(
    ("variables", "name"), WRONG, ids=[" ".join(f"{k}={v}" for k, v in w.items()) for w, _ in WRONG]
)
async def test_a_setting_that_cannot_work_is_named_with_code_2(
    run_hub: Run, variables: dict[str, str], name: str
) -> None:
    done = await run_hub("config", "check", **variables)

    assert done.code == 2, done
    assert name in done.err
    assert "Traceback" not in done.err


async def test_every_problem_is_named_at_once(run_hub: Run) -> None:
    done = await run_hub("config", "check", HUB_SMTP_PORT="0", HUB_LOG_LEVEL="loud")

    assert done.code == 2
    assert "HUB_SMTP_PORT" in done.err
    assert "HUB_LOG_LEVEL" in done.err


async def test_a_configuration_that_can_work_is_fine(run_hub: Run) -> None:
    done = await run_hub("config", "check", HUB_ENV="production")

    assert (done.code, done.out, done.err) == (0, "the configuration is fine\n", "")


async def test_an_unknown_setting_is_warned_about(run_hub: Run) -> None:
    done = await run_hub("config", "check", HUB_DATABSE_URL="sqlite+aiosqlite:///x.db")

    assert done.code == 0
    assert "HUB_DATABSE_URL" in done.err


async def test_a_dotenv_file_is_read_and_checked_too(run_hub: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HUB_SMTP_PORT=nothing\nHUB_SMTP_HOTS=mail\n")
    assert (await run_hub("config", "check")).code == 2

    (tmp_path / ".env").write_text("HUB_SMTP_PORT=25\nHUB_SMTP_HOTS=mail\n")
    done = await run_hub("config", "check")
    assert done.code == 0
    assert "HUB_SMTP_HOTS" in done.err


async def test_showing_the_settings_masks_the_secrets(run_hub: Run) -> None:
    done = await run_hub("config", "show", HUB_SMTP_PASSWORD="very-secret", HUB_PUBLIC_URL="https://hub.example")

    assert done.code == 0
    assert "HUB_PUBLIC_URL=https://hub.example" in done.out
    assert SECRET not in done.out
    assert "very-secret" not in done.out


async def test_showing_the_settings_masks_the_password_of_the_database(run_hub: Run) -> None:
    done = await run_hub("config", "show", HUB_DATABASE_URL="postgresql+asyncpg://hub:hidden@localhost/hub")

    assert "hidden" not in done.out


@pytest.mark.parametrize("url", ["redis://:hidden@localhost/1", "rediss+cluster://hub:hidden@one:1,two:2"])
async def test_showing_the_settings_masks_the_password_of_redis(run_hub: Run, url: str) -> None:
    done = await run_hub("config", "show", HUB_REDIS_URL=url)

    assert f"HUB_REDIS_URL={url.replace('hidden', '***')}" in done.out
    assert "hidden" not in done.out
