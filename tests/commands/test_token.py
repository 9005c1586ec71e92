"""`hub token` prints a token that the hub accepts."""

import jwt
import pytest

from tests.commands.conftest import Run
from tests.conftest import SECRET


async def test_the_token_names_the_person_and_the_roles(run_hub: Run) -> None:
    done = await run_hub("token", "--user", "fan-1", "--role", "fan", "--role", "creator", "--ttl", "60")

    assert done.code == 0
    claims = jwt.decode(done.out.strip(), SECRET, algorithms=["HS256"])
    assert claims["sub"] == "fan-1"
    assert sorted(claims["roles"]) == ["creator", "fan"]
    assert claims["exp"] - claims["iat"] == 60 if "iat" in claims else True


@pytest.mark.parametrize(
    ("arguments", "name"),
    [(("--user", "fan 1", "--role", "fan"), "--user"), (("--user", "fan", "--role", "king"), "--role")],
)
async def test_a_token_for_nobody_is_refused(run_hub: Run, arguments: tuple[str, ...], name: str) -> None:
    done = await run_hub("token", *arguments)

    assert done.code == 2
    assert name in done.err
    assert done.out == ""


async def test_with_a_key_set_tokens_come_from_elsewhere(run_hub: Run) -> None:
    done = await run_hub("token", "--user", "fan", "--role", "fan", HUB_JWKS_URL="https://id.example/jwks.json")

    assert done.code == 2
    assert "HUB_JWKS_URL" in done.err
