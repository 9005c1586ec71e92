"""Fresh databases for tests: made once by the migrations, then copied, so that each test starts from nothing fast."""

import asyncio
import shutil
from pathlib import Path
from uuid import uuid4

import asyncpg

from hub.migrate import upgrade

TEMPLATE = "hub_template"


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        upgrade(self._url(self._template))

    @staticmethod
    def _url(file: Path) -> str:
        return f"sqlite+aiosqlite:///{file}"

    def fresh(self) -> str:
        file = self._folder / f"{uuid4().hex}.db"
        shutil.copyfile(self._template, file)
        return self._url(file)


class PostgresDatabases:
    """Databases made from one migrated template."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        upgrade(f"{server}/{TEMPLATE}")

    def fresh(self) -> str:
        name = f"t_{uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        return f"{self._server}/{name}"

    def empty(self) -> str:
        name = f"e_{uuid4().hex}"
        self._execute(f"CREATE DATABASE {name}")
        return f"{self._server}/{name}"

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        async def run() -> None:
            plain = self._server.replace("+asyncpg", "")
            connection = await asyncpg.connect(f"{plain}/postgres")
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())
