"""`hub doctor`: looks at everything that the hub depends on and says what to do about what is wrong."""

from collections.abc import Awaitable, Callable

from aiosmtplib import SMTP, SMTPException
from alembic.script import ScriptDirectory
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError
from sqlalchemy.exc import SQLAlchemyError

from hub import provider_checks
from hub.channels.vapid import make_private_key, public_key
from hub.gateway.pages import DIST
from hub.gateway.redis_address import parse
from hub.gateway.redis_link import TROUBLE, ask, connected
from hub.gateway.redis_topology import discover
from hub.migrate import alembic_config
from hub.settings import DEVELOPMENT_SECRET, Settings
from persistence.engine import Connections, schema_revision

Say = Callable[[str], object]


class Problem(Exception):
    """Something that must be put right; the text says how."""


async def examine(settings: Settings, say: Say) -> bool:
    """Runs every check, says a line for each; whether all is well."""
    well = True
    for name, check in CHECKS.items():
        try:
            say(f"ok       {name}: {await check(settings)}")
        except Problem as problem:
            well = False
            say(f"problem  {name}: {problem}")
    return well


def new_vapid_key() -> str:
    """Lines for a `.env` file. Another key than before makes every browser subscribe anew."""
    private = make_private_key()
    return f"# the public key, which browsers get: {public_key(private)}\nHUB_VAPID_PRIVATE_KEY={private}"


async def _secrets(settings: Settings) -> str:
    if settings.jwks_url:
        return f"key set {settings.jwks_url}"
    if settings.jwt_secret.get_secret_value() == DEVELOPMENT_SECRET:
        return "the development secret (production refuses it; set HUB_JWT_SECRET)"
    return "HUB_JWT_SECRET is set"


async def _database(settings: Settings) -> str:
    connections = Connections(settings.database_url)
    try:
        async with connections.read() as connection:
            found = await schema_revision(connection)
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise Problem(f"{reason}; check HUB_DATABASE_URL, then run `hub migrate`") from None
    finally:
        await connections.close()
    head = ScriptDirectory.from_config(alembic_config(settings.database_url)).get_current_head()
    if found != head:
        raise Problem(f"the schema is at {found}, this version needs {head}; run `hub migrate`")
    return f"reachable, schema at {head}"


async def _redis(settings: Settings) -> str:
    if not settings.redis_url:
        return "no HUB_REDIS_URL: one gateway process, and its worker inside it"
    address = parse(settings.redis_url)
    try:
        topology = await discover(address, ())
        for endpoint in topology.servers:
            connection = await connected(lambda endpoint=endpoint: address.connection(endpoint, "hub-doctor"))  # type: ignore[misc]
            policy = await _eviction_policy(connection)
            await connection.disconnect()
    except (*TROUBLE, OSError, TimeoutError) as error:
        raise Problem(f"{error}; check HUB_REDIS_URL, and that it is Redis 7 or newer, or Valkey") from None
    kind = "a single server" if topology.slots is None else f"a cluster of {len(topology.servers)}"
    warning = (
        "" if policy in {"noeviction", ""} else f"; maxmemory-policy {policy} may forget who is online: noeviction"
    )
    return f"{kind}, reachable{warning}"


async def _eviction_policy(connection: AbstractConnection) -> str:
    try:
        answer = await ask(connection, "CONFIG", "GET", "maxmemory-policy")
    except ResponseError:
        return ""  # managed servers do not tell
    return str(answer[b"maxmemory-policy"].decode())


async def _mail(settings: Settings) -> str:
    if not settings.smtp_host and settings.sendgrid_api_key.get_secret_value():
        return "by SendGrid alone"
    if not settings.smtp_host and settings.production:
        raise Problem("neither HUB_SENDGRID_API_KEY nor HUB_SMTP_HOST: no e-mail leaves the hub; set one of them")
    if not settings.smtp_host:
        return "no HUB_SMTP_HOST: e-mails are captured, see /deliveries.html"
    client = SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=settings.smtp_tls == "tls",
        start_tls=settings.smtp_tls == "starttls",
        username=settings.smtp_username or None,
        password=settings.smtp_password.get_secret_value() or None,
        timeout=settings.smtp_timeout_seconds,
    )
    try:
        async with client:
            await client.noop()
    except (SMTPException, OSError) as error:
        raise Problem(f"{type(error).__name__}: {error}; check HUB_SMTP_*") from None
    return f"{settings.smtp_host}:{settings.smtp_port} answers"


async def _push(settings: Settings) -> str:
    private = settings.vapid_private_key.get_secret_value()
    if not private:
        return "no HUB_VAPID_PRIVATE_KEY: push messages are captured; `hub doctor --vapid` makes one"
    try:
        public = public_key(private)
    except ValueError as error:
        raise Problem(f"HUB_VAPID_PRIVATE_KEY: {error}") from None
    subject = settings.vapid_subject
    if not subject.startswith(("mailto:", "https://")) or "localhost" in subject:
        raise Problem(f"HUB_VAPID_SUBJECT={subject}: some push services refuse it; set a mailto: or https: of yours")
    relay = f"; everything goes to {settings.vapid_base_url}" if settings.vapid_base_url else ""
    return f"browsers subscribe with {public}{relay}"


async def _providers(settings: Settings) -> str:
    try:
        return await provider_checks.check(settings)
    except provider_checks.Refused as refusal:
        raise Problem(str(refusal)) from None


async def _pages(_settings: Settings) -> str:
    if not (DIST / "index.html").is_file():
        raise Problem("the pages are not built; run `make pages`")
    return "built"


CHECKS: dict[str, Callable[[Settings], Awaitable[str]]] = {
    "secrets": _secrets,
    "database": _database,
    "redis": _redis,
    "e-mail": _mail,
    "push": _push,
    "providers": _providers,
    "pages": _pages,
}
