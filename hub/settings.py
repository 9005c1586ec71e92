"""All settings, read once from `HUB_*` variables (or a `.env` file) into one frozen object that is passed in."""

import os
import re
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from hub.provider_settings import ProviderSettings

PREFIX = "HUB_"
DEVELOPMENT_SECRET = "development-secret-that-production-refuses"  # noqa: S105  (it is public on purpose)
SHORTEST_SECRET = 32
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")
DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


class SettingsError(Exception):
    """The configuration cannot work; `problems` names each setting and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(ProviderSettings):
    """What the operator decides. Every field is the variable `HUB_` + its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    env: Literal["development", "production"] = "development"
    database_url: str = "sqlite+aiosqlite:///./hub.db"
    """SQLAlchemy URL: `sqlite+aiosqlite:///file` or `postgresql+asyncpg://user:password@host/name`."""
    database_pool: int = Field(10, ge=2, le=200)
    """Connections kept open to the database by one process."""
    redis_url: str = ""
    """Redis 7 or newer, or Valkey, that all processes share; empty: one process, with everything live in its memory.

    `redis://`, `rediss://` (TLS), `unix:///path`, or `redis+cluster://host:port,host:port`.
    """
    redis_prefix: str = Field("hub", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """Begins every key and channel, so that several hubs can share a Redis."""
    bus_secret: SecretStr = SecretStr("")
    """Signs what processes tell each other through Redis, at least 32 characters; empty: made from the JWT secret."""

    jwt_secret: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    """HS256 secret, at least 32 characters."""
    jwks_url: str = ""
    """Key set for RS256, ES256 or EdDSA tokens; when set, HS256 tokens are refused."""
    jwt_issuer: str = ""
    jwt_audience: str = ""

    public_url: str = "http://127.0.0.1:8080"
    """Where people reach the pages; used in e-mails."""
    cors_origins: str = ""
    """Other origins whose pages may connect, separated by commas."""
    trusted_proxies: str = ""
    """Addresses or networks, separated by commas, whose X-Forwarded-For is believed."""

    rate_limits: Literal["on", "off"] = "on"
    presence_grace_seconds: float = Field(10, ge=0, le=300)
    """A user whose last socket went away is shown as offline after this."""
    outbox_bytes: int = Field(1_000_000, ge=100_000, le=100_000_000)
    """What may wait for one slow socket before it is closed."""
    admin_password: SecretStr = SecretStr("")
    """Turns the stock Socket.IO admin UI on, read-only, for the user `admin` in the namespace `/admin`."""
    drain_seconds: float = Field(10, ge=0, le=600)
    """How long a stopping process lets its sockets finish."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def production(self) -> bool:
        """Whether development conveniences must be off."""
        return self.env == "production"

    @property
    def served_channels(self) -> frozenset[str]:
        """The channels that tell people anything: in development the sandbox serves those without a provider."""
        return self.provided_channels if self.production else frozenset({"email", "sms", "whatsapp", "push"})

    @property
    def signing_secret(self) -> str:
        """What the signature of the bus is made from."""
        return self.bus_secret.get_secret_value() or self.jwt_secret.get_secret_value()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> list[str]:
        found = []
        secret = self.jwt_secret.get_secret_value()
        if not self.jwks_url and len(secret) < SHORTEST_SECRET:
            found.append(f"HUB_JWT_SECRET needs at least {SHORTEST_SECRET} characters")
        if self.production and not self.jwks_url and secret == DEVELOPMENT_SECRET:
            found.append("HUB_JWT_SECRET must be set in production (or HUB_JWKS_URL)")
        if self.production and self.rate_limits == "off":
            found.append("HUB_RATE_LIMITS=off is refused in production")
        return [*found, *self._of_the_bus(), *self._malformed()]

    def _of_the_bus(self) -> list[str]:
        found = []
        given = self.bus_secret.get_secret_value()
        if given and len(given) < SHORTEST_SECRET:
            found.append(f"HUB_BUS_SECRET needs at least {SHORTEST_SECRET} characters")
        if self.production and self.redis_url and self.signing_secret == DEVELOPMENT_SECRET:
            found.append("HUB_BUS_SECRET must be set in production when there is no HUB_JWT_SECRET to make it from")
        if self.redis_url and not _names_redis(self.redis_url):
            found.append("HUB_REDIS_URL must begin with " + ", ".join(f"{each}://" for each in REDIS_SCHEMES))
        return found

    def _malformed(self) -> list[str]:
        found = []
        try:
            driver = make_url(self.database_url).drivername
        except (ArgumentError, ValueError):
            driver = ""
        if driver not in DRIVERS:
            found.append(f"HUB_DATABASE_URL must be a URL that begins with {' or '.join(DRIVERS)}")
        try:
            networks(self.trusted_proxies)
        except ValueError as error:
            found.append(f"HUB_TRUSTED_PROXIES: {error}")
        if "@" not in parseaddr(self.smtp_from)[1]:
            found.append("HUB_SMTP_FROM needs an address, as in: Hub <no-reply@example.com>")
        if not re.fullmatch(r"([A-Za-z0-9_-]{43}=?)?", self.vapid_private_key.get_secret_value()):
            found.append("HUB_VAPID_PRIVATE_KEY must be 32 bytes of base64url; `hub doctor --vapid` makes one")
        return found


def _names_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        ports = [urlsplit(f"//{host}").port for host in hosts]  # raises for what is no port
    except ValueError:
        return False
    somewhere = bool(parts.path) if parts.scheme == "unix" else all(hosts)
    return parts.scheme in REDIS_SCHEMES and somewhere and (len(ports) == 1 or parts.scheme.endswith("+cluster"))


def networks(listed: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks separated by commas. Raises ValueError for what is none."""
    return [ip_network(each.strip(), strict=False) for each in listed.split(",") if each.strip()]


def without_password(url: str) -> str:
    """The URL as it may be printed."""
    return re.sub(r"(//[^/@:]*):[^/]*@", r"\1:***@", url)


def load(**overrides: object) -> Settings:
    """The settings of this process. Raises SettingsError, each problem with the name of its variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        raise SettingsError([_describe(each["loc"], each["msg"]) for each in error.errors()]) from None


def _describe(location: tuple[int | str, ...], message: str) -> str:
    name = f"{PREFIX}{'_'.join(str(part) for part in location).upper()}: " if location else ""
    return name + message.removeprefix("Value error, ")


def unknown_names() -> list[str]:
    """`HUB_*` variables that no setting reads: most often a typing error."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    given = {name for name in os.environ if name.startswith(PREFIX)}
    if Path(".env").is_file():
        given |= {name for name in dotenv_values(".env") if name.startswith(PREFIX)}
    return sorted(given - known)
