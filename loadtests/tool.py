"""All commands of the load-test tool."""

from loadtests.bench import bench
from loadtests.cli import app

app.command()(bench)

__all__ = ["app"]
