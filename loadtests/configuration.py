"""The settings of the hubs under measurement: all given here, none taken from the environment of whoever measures."""

from pydantic import SecretStr

from hub.settings import Settings

SECRET = "the-secret-of-benchmarks-which-guards-nothing"  # noqa: S105  (it lives as long as a run, on loopback)
DRAIN_SECONDS = 2.0


def settings(database_url: str, *, database_pool: int = 10, redis_url: str = "") -> Settings:
    """Settings for a hub on this database."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # an option of pydantic-settings that its types do not know
        env="development",
        database_url=database_url,
        database_pool=database_pool,
        redis_url=redis_url,
        jwks_url="",
        jwt_secret=SecretStr(SECRET),
        rate_limits="off",  # what is measured is how fast it is, not how fast it may be
        drain_seconds=DRAIN_SECONDS,
        log_level="warning",
    )


def environment(database_url: str) -> dict[str, str]:
    """The same as `HUB_*` variables, for a hub in a process of its own."""
    return {
        "HUB_ENV": "development",
        "HUB_DATABASE_URL": database_url,
        "HUB_JWT_SECRET": SECRET,
        "HUB_RATE_LIMITS": "off",
        "HUB_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "HUB_LOG_LEVEL": "warning",
    }
