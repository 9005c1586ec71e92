"""The `hub` command."""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
import uvloop
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from hub import __version__, dead, demo, doctor, migrate, processes, worker_process
from hub.app import Gateway, raise_file_limit, serve
from hub.bootstrap import Hub, bootstrap
from hub.gateway.auth import ROLES, Authenticator
from hub.gateway.documents.asyncapi import asyncapi as asyncapi_document
from hub.gateway.documents.openapi import openapi as openapi_document
from hub.gateway.fields import is_user_id
from hub.gateway.siblings import Siblings
from hub.observability import configure_logging
from hub.settings import DEVELOPMENT_SECRET, Settings, SettingsError, load, unknown_names, without_password

CONFIGURATION_ERROR = 2

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
config_app = typer.Typer(help="Looks at the configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 lets the system choose.", min=0, max=65535)]


def _settings(**overrides: object) -> Settings:
    """The settings with logging set up; a configuration error ends the process with code 2."""
    try:
        settings = load(**overrides)
    except SettingsError as error:
        _fail(error.problems)
    configure_logging(settings)
    for name in unknown_names():
        typer.echo(f"warning: {name} is not a setting of the hub; is it misspelt?", err=True)
    return settings


def _fail(problems: list[str]) -> NoReturn:
    for problem in problems:
        typer.echo(f"configuration error: {problem}", err=True)
    raise typer.Exit(CONFIGURATION_ERROR)


def _migrate(settings: Settings, revision: str = "head") -> None:
    try:
        migrate.upgrade(settings.database_url, revision)
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        typer.echo(f"the database cannot be used: {reason}; check HUB_DATABASE_URL", err=True)
        raise typer.Exit(1) from None
    except CommandError as error:
        typer.echo(f"{error}; the revisions are in migrations/versions", err=True)
        raise typer.Exit(1) from None


def _run(
    hub: Callable[[], Hub],
    host: str,
    port: int,
    *,
    with_worker: bool,
    on_ready: Callable[[Gateway], None],
    siblings: Siblings | None = None,
) -> None:
    async def main() -> None:
        await serve(hub(), host, port, with_worker=with_worker, on_ready=on_ready, siblings=siblings)

    raise_file_limit()
    try:
        uvloop.run(main())
    except OSError as error:
        typer.echo(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port", err=True)
        raise typer.Exit(1) from None


@app.command(name="serve")
def serve_command(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    workers: Annotated[
        int, typer.Option(help="Processes that share the port; more than one needs HUB_REDIS_URL.", min=1, max=64)
    ] = 1,
    with_worker: Annotated[
        bool | None, typer.Option("--with-worker/--no-worker", help="Host the worker too (default: on SQLite).")
    ] = None,
    migrate_first: Annotated[  # noqa: FBT002  (a flag)
        bool, typer.Option("--migrate", help="Apply migrations first (SQLite: always).")
    ] = False,
    sibling: Annotated[str, typer.Option(hidden=True, help="folder:number, given by the parent of --workers.")] = "",
) -> None:
    """Runs the gateway: Socket.IO, HTTP API and pages."""
    settings = _settings()
    sqlite = settings.database_url.startswith("sqlite")
    if workers > 1 and not settings.redis_url:
        _fail(["--workers: several processes need HUB_REDIS_URL, through which they hear each other"])
    if (sqlite or migrate_first) and not sibling:
        _migrate(settings)
    hosts_worker = sqlite if with_worker is None else with_worker
    if workers > 1:
        raise typer.Exit(processes.run(host, port, workers, with_worker=hosts_worker, say=_say_listening))

    def ready(gateway: Gateway) -> None:
        _say_listening(*gateway.address)

    _run(
        lambda: bootstrap(settings),
        host,
        port,
        with_worker=hosts_worker,
        on_ready=ready,
        siblings=processes.sibling(sibling) if sibling else None,
    )


def _say_listening(address: str, port: int) -> None:
    typer.echo(f"hub {__version__} listens on http://{address}:{port}")


@app.command(name="worker")
def worker_command() -> None:
    """Runs the relay, deliveries and timers, where the gateway does not."""
    settings = _settings()
    uvloop.run(worker_process.run(settings))


@app.command(name="migrate")
def migrate_command(revision: Annotated[str, typer.Argument(help="Target revision.")] = "head") -> None:
    """Brings the database's schema up to date."""
    settings = _settings()
    _migrate(settings, revision)
    typer.echo(f"the database is at {revision}")


@app.command(name="demo")
def demo_command(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Runs a hub with a fan and a creator who already have an order, and says what to open."""
    settings = _settings(**demo.overrides(host, port))
    _migrate(settings)
    people = demo.personas(Authenticator(settings))
    conversation_id = asyncio.run(demo.seed(settings))

    def ready(gateway: Gateway) -> None:
        service = Authenticator(settings).make("demo-platform", ["service"], seconds=demo.TOKEN_SECONDS)
        typer.echo(demo.welcome(gateway.address, people, conversation_id, service))

    _run(lambda: bootstrap(settings, personas=people, show_pushes=True), host, port, with_worker=True, on_ready=ready)


@app.command(
    name="loadtest",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)
def loadtest_command(context: typer.Context) -> None:
    """Runs the load-test tool, as `python -m loadtests` does; `hub loadtest --help` shows its commands."""
    from loadtests import tool  # noqa: PLC0415  (only who tests load needs it)

    tool.app(context.args, prog_name="hub loadtest")


@app.command()
def token(
    user: Annotated[str, typer.Option(help="The person's id.")],
    role: Annotated[
        list[str], typer.Option(help="fan, creator, moderator, support, admin or service; may be repeated.")
    ],
    ttl: Annotated[int, typer.Option(help="Seconds until it expires.", min=1)] = 3600,
) -> None:
    """Prints a token signed with HUB_JWT_SECRET."""
    settings = _settings()
    if settings.jwks_url:
        _fail(["HUB_JWKS_URL is set: tokens come from its issuer, not from here"])
    if not is_user_id(user):
        _fail(["--user: 1-128 of A-Z a-z 0-9 _ . : @ -"])
    unknown = sorted(set(role) - ROLES)
    if unknown:
        _fail([f"--role: {', '.join(unknown)} is none of {', '.join(sorted(ROLES))}"])
    if settings.jwt_secret.get_secret_value() == DEVELOPMENT_SECRET:
        typer.echo("note: signed with the development secret", err=True)
    typer.echo(Authenticator(settings).make(user, role, seconds=ttl))


@app.command(name="doctor")
def doctor_command(
    vapid: Annotated[bool, typer.Option("--vapid", help="Print a new key for Web Push instead.")] = False,  # noqa: FBT002
) -> None:
    """Checks configuration, database, migrations, mail server and keys, and says what to do."""
    if vapid:
        typer.echo(doctor.new_vapid_key())
        return
    settings = _settings()
    if not asyncio.run(doctor.examine(settings, typer.echo)):
        raise typer.Exit(1)


app.add_typer(dead.commands(_settings), name="dead")


@config_app.command()
def check() -> None:
    """Says whether the configuration can work; exit code 2 when not."""
    _settings()
    typer.echo("the configuration is fine")


@config_app.command()
def show() -> None:
    """Prints the settings in force, with secrets masked."""
    for name, value in _settings():
        shown = without_password(value) if name in {"database_url", "redis_url"} else value
        typer.echo(f"HUB_{name.upper()}={shown}")


@app.command()
def openapi() -> None:
    """Prints the OpenAPI document."""
    _print(openapi_document())


@app.command()
def asyncapi() -> None:
    """Prints the AsyncAPI document."""
    _print(asyncapi_document())


@app.command()
def version() -> None:
    """Prints the version."""
    typer.echo(__version__)


def _print(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def main() -> None:
    """The entry point."""
    app()
