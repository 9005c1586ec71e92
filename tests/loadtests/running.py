"""Runs the load tool as a person does: `python -m loadtests …`, in a process of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.conftest import SECRET
from tests.processes import ROOT

PATIENCE = 90.0
SCENARIO = """\
name: a-test
about: Twelve people <b>chat</b>.
target: { url: "http://127.0.0.1:9" }
people: 12
mix: { message: 6, typing: 1, read: 3 }
settle: 15s
phases:
  - { name: first, duration: 1s, rate: 60, measured: false }
  - { name: then, duration: 2s, rate: 60, storm: { at: 500ms, share: 0.5, over: 300ms } }
"""


class Done(NamedTuple):
    """A finished run of the tool."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def run(self) -> Any:
        return msgspec.json.decode((self.folder / "run.json").read_bytes())

    @property
    def report(self) -> str:
        return (self.folder / "report.html").read_text(encoding="utf-8")


async def start(*arguments: str, secret: str = SECRET) -> Process:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadtests", *arguments),
        cwd=ROOT,
        env={**kept, "HUB_JWT_SECRET": secret},
        stdout=PIPE,
        stderr=PIPE,
    )


async def tool(*arguments: str, folder: Path = Path(), secret: str = SECRET) -> Done:
    process = await start(*arguments, secret=secret)
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode(), folder)


async def run(base: str, folder: Path, *more: str, text: str = SCENARIO, secret: str = SECRET) -> Done:
    """`run` of a scenario against a hub."""
    scenario = folder / "scenario.yaml"
    scenario.write_text(text)
    arguments = ("run", str(scenario), "--url", base, "--output", str(folder), *more)
    return await tool(*arguments, folder=folder, secret=secret)
