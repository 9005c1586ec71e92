"""`hub migrate` and `hub doctor`: what is wrong with a database is said with what to do, never as a traceback."""

from pathlib import Path

from loadtests.redis import RedisServer
from tests.commands.conftest import Run
from tests.doubles.smtp import running_smtp

NOWHERE = "postgresql+asyncpg://hub@127.0.0.1:1/hub"


async def test_migrate_makes_the_schema_and_doctor_is_content(run_hub: Run, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"

    migrated = await run_hub("migrate", HUB_DATABASE_URL=url)
    assert migrated.code == 0, migrated
    assert "head" in migrated.out

    done = await run_hub("doctor", HUB_DATABASE_URL=url)
    lines = {line.split(":")[0].split(maxsplit=1)[1]: line for line in done.out.splitlines()}
    assert lines["database"].startswith("ok"), done
    assert lines["secrets"].startswith("ok")


async def test_migrating_twice_is_fine(run_hub: Run, database_url: str) -> None:
    done = await run_hub("migrate", HUB_DATABASE_URL=database_url)

    assert done.code == 0


async def test_doctor_says_that_the_schema_is_missing(run_hub: Run, tmp_path: Path) -> None:
    done = await run_hub("doctor", HUB_DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

    assert done.code == 1
    (line,) = (each for each in done.out.splitlines() if " database:" in each)
    assert line.startswith("problem")
    assert "hub migrate" in line


async def test_doctor_says_that_the_database_is_not_reachable(run_hub: Run) -> None:
    done = await run_hub("doctor", HUB_DATABASE_URL=NOWHERE)

    assert done.code == 1
    (line,) = (each for each in done.out.splitlines() if " database:" in each)
    assert line.startswith("problem")
    assert "HUB_DATABASE_URL" in line
    assert "Traceback" not in done.err


async def test_doctor_asks_redis(run_hub: Run, sqlite_url: str, redis_server: RedisServer) -> None:
    good = await run_hub("doctor", HUB_DATABASE_URL=sqlite_url, HUB_REDIS_URL=redis_server.url)
    bad = await run_hub("doctor", HUB_DATABASE_URL=sqlite_url, HUB_REDIS_URL="redis://127.0.0.1:1")

    assert any(line.startswith("ok") and " redis: a single server" in line for line in good.out.splitlines()), good
    assert bad.code == 1
    assert any(line.startswith("problem") and "HUB_REDIS_URL" in line for line in bad.out.splitlines()), bad
    assert "Traceback" not in bad.err


async def test_doctor_asks_the_mail_server(run_hub: Run, sqlite_url: str) -> None:
    async with running_smtp() as smtp:
        mail = {"HUB_SMTP_HOST": "127.0.0.1", "HUB_SMTP_PORT": str(smtp.port), "HUB_SMTP_TLS": "none"}
        good = await run_hub("doctor", HUB_DATABASE_URL=sqlite_url, **mail)
    bad = await run_hub("doctor", HUB_DATABASE_URL=sqlite_url, **mail)

    assert any(line.startswith("ok") and "e-mail" in line for line in good.out.splitlines()), good
    assert bad.code == 1
    assert any(line.startswith("problem") and "HUB_SMTP_" in line for line in bad.out.splitlines()), bad


async def test_migrate_without_a_database_says_what_to_do(run_hub: Run) -> None:
    done = await run_hub("migrate", HUB_DATABASE_URL=NOWHERE)

    assert done.code != 0
    assert "HUB_DATABASE_URL" in done.err
    assert "Traceback" not in done.err


async def test_serve_on_a_sqlite_file_that_cannot_be_made_says_what_to_do(run_hub: Run, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'hub.db'}"

    done = await run_hub("serve", "--port", "0", HUB_DATABASE_URL=url)

    assert done.code != 0
    assert "HUB_DATABASE_URL" in done.err
    assert "Traceback" not in done.err
