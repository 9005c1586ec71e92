"""`hub dead`: the dead letters on the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import typer

from hub.clock import SystemClock, rfc3339
from hub.errors import DeadLetterNotFound
from hub.notifications.dead import DeadLetters, Kind
from hub.settings import Settings
from persistence.engine import Connections
from persistence.uow import Database

ACTOR = "hub dead"
Chosen = Annotated[Literal["outbox", "delivery"], typer.Option(help="Events of the outbox, or deliveries.")]


def commands(settings: Callable[[], Settings]) -> typer.Typer:
    """The commands; `settings` loads the configuration or ends the process."""
    app = typer.Typer(help="Looks at what was given up, and has it tried again.", no_args_is_help=True)

    @app.command(name="list")
    def list_command() -> None:
        """Prints dead events and deliveries, the latest first, with the last error of each."""
        asyncio.run(_with(settings(), _list))

    @app.command(name="replay")
    def replay_command(
        kind: Chosen = "outbox",
        id_: Annotated[str, typer.Option("--id", help="The one to replay.")] = "",
        everything: Annotated[  # noqa: FBT002  (a flag)
            bool, typer.Option("--all", help="All dead ones of the kind, at most 500.")
        ] = False,
    ) -> None:
        """Has one, or all, tried again; workers begin within a second."""
        if bool(id_) == everything:
            typer.echo("give either --id or --all", err=True)
            raise typer.Exit(2)

        async def replay(letters: DeadLetters) -> None:
            await _replay(letters, kind, id_)

        asyncio.run(_with(settings(), replay))

    return app


async def _with(settings: Settings, do: Callable[[DeadLetters], Awaitable[None]]) -> None:
    connections = Connections(settings.database_url, pool_size=1)
    try:
        await do(DeadLetters(Database(connections, SystemClock())))
    finally:
        await connections.close()


async def _list(letters: DeadLetters) -> None:
    events, deliveries = await letters.events(), await letters.deliveries()
    for event in events:
        typer.echo(f"outbox {event.id} {event.type} {rfc3339(event.dead_at)} {event.attempts} attempts: {event.error}")
    for each in deliveries:
        typer.echo(f"delivery {each.id} {each.channel} {rfc3339(each.at)} {each.state}: {each.reason or '-'}")
    if not events and not deliveries:
        typer.echo("there are no dead letters")


async def _replay(letters: DeadLetters, kind: Kind, id_: str) -> None:
    if not id_:
        typer.echo(f"replayed {await letters.replay_all(kind, actor=ACTOR)}")
        return
    try:
        await letters.replay(kind, id_, actor=ACTOR)
    except DeadLetterNotFound as error:
        typer.echo(f"{kind} {id_}: {error.message}", err=True)
        raise typer.Exit(1) from None
    typer.echo("replayed 1")
