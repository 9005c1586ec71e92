"""Tokens signed by an issuer whose key set the hub fetches: RS256, ES256, EdDSA."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.conftest import SECRET, make_settings
from tests.rawsocket import RawSocket
from tests.running import RunningHub

ALGORITHMS: dict[str, tuple[Any, Any]] = {
    "RS256": (rsa.generate_private_key(65537, 2048), RSAAlgorithm),
    "ES256": (ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate(), OKPAlgorithm),
}


class Issuer:
    """Signs tokens, publishes its keys, and counts how often it is asked for them."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.asked = 0
        self.broken = False

    def publish(self, kid: str, algorithm: str, key: Any = None) -> None:
        own, kind = ALGORITHMS[algorithm]
        public = kind.to_jwk((key or own).public_key(), as_dict=True)
        self.published.append({**public, "kid": kid, "alg": algorithm, "use": "sig"})

    def sign(self, kid: str | None, algorithm: str, key: Any = None, **claims: Any) -> str:
        payload = {"sub": "fan", "roles": ["fan"], "exp": int(time.time()) + 600, "iss": "issuer", "aud": "hub"}
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode({**payload, **claims}, key or ALGORITHMS[algorithm][0], algorithm, headers=headers)

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(status=500) if self.broken else web.json_response({"keys": self.published})


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[Issuer, str]]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/keys.json", issuer.answer)
    server = TestServer(app)
    await server.start_server()
    yield issuer, str(server.make_url("/keys.json"))
    await server.close()


async def start(start_hub: Any, sqlite_url: str, url: str) -> RunningHub:
    settings = make_settings(sqlite_url, jwks_url=url, jwt_issuer="issuer", jwt_audience="hub")
    running: RunningHub = await start_hub(settings)
    return running


async def code(hub: RunningHub, token: str) -> str:
    _, answer = await hub.http("GET", "/api/v1/me", token=token)
    return "ok" if answer["success"] else str(answer["error"]["code"])


async def test_each_algorithm_of_the_key_set_is_taken_and_nothing_else(
    sqlite_url: str, start_hub: Any, issuer: tuple[Issuer, str]
) -> None:
    keys, url = issuer
    for algorithm in ALGORITHMS:
        keys.publish(algorithm.lower(), algorithm)
    hub = await start(start_hub, sqlite_url, url)

    for algorithm in ALGORITHMS:
        assert await code(hub, keys.sign(algorithm.lower(), algorithm)) == "ok", algorithm
    async with RawSocket(hub.base, keys.sign("es256", "ES256")) as fan:
        assert '"id":"fan"' in fan.frames[-1]

    rsa_public = keys.published[0]["n"]
    for name, token in {
        "HS256 with the hub's own secret": keys.sign("rs256", "HS256", SECRET),
        "HS256 with the public key": keys.sign("rs256", "HS256", rsa_public),
        "alg none": jwt.encode({"sub": "fan", "exp": 2**31, "iss": "issuer", "aud": "hub"}, None, "none"),
        "a key of another algorithm": keys.sign("es256", "RS256"),
        "another key under the same name": keys.sign("es256", "ES256", ec.generate_private_key(ec.SECP256R1())),
        "an unknown key": keys.sign("unknown", "ES256"),
        "no key id among several": keys.sign(None, "ES256"),
        "another issuer": keys.sign("es256", "ES256", iss="evil"),
        "another audience": keys.sign("es256", "ES256", aud="shop"),
    }.items():
        assert await code(hub, token) == "auth.invalid", name
    assert await code(hub, keys.sign("es256", "ES256", exp=int(time.time()) - 60)) == "auth.expired"


async def test_a_new_key_is_fetched_when_it_is_first_seen(
    sqlite_url: str, start_hub: Any, issuer: tuple[Issuer, str]
) -> None:
    keys, url = issuer
    keys.publish("old", "ES256")
    hub = await start(start_hub, sqlite_url, url)
    old = keys.sign("old", "ES256")
    assert await code(hub, old) == "ok"
    assert await code(hub, keys.sign(None, "ES256")) == "ok"  # the only key needs no name

    keys.published.clear()
    new = ec.generate_private_key(ec.SECP256R1())
    keys.publish("new", "ES256", new)

    assert await code(hub, keys.sign("new", "ES256", new)) == "ok"
    assert await code(hub, old) == "auth.invalid"
    assert keys.asked == 3


async def test_forged_key_names_together_ask_the_issuer_once(
    sqlite_url: str, start_hub: Any, issuer: tuple[Issuer, str]
) -> None:
    keys, url = issuer
    keys.publish("old", "ES256")
    hub = await start(start_hub, sqlite_url, url)
    assert await code(hub, keys.sign("old", "ES256")) == "ok"

    forged = [code(hub, keys.sign(f"forged-{number}", "ES256")) for number in range(20)]
    known = code(hub, keys.sign("old", "ES256"))

    assert set(await asyncio.gather(*forged)) == {"auth.invalid"}
    assert await known == "ok"
    assert keys.asked <= 3


async def test_known_keys_go_on_serving_while_the_issuer_is_down(
    sqlite_url: str, start_hub: Any, issuer: tuple[Issuer, str]
) -> None:
    keys, url = issuer
    keys.publish("old", "ES256")
    hub = await start(start_hub, sqlite_url, url)
    assert await code(hub, keys.sign("old", "ES256")) == "ok"

    keys.broken = True
    key_set = hub.hub.services.authenticator._key_set
    assert key_set is not None
    key_set._fetched -= 10_000

    assert await code(hub, keys.sign("old", "ES256")) == "ok"
    assert await code(hub, keys.sign("new", "ES256")) == "auth.unavailable"
