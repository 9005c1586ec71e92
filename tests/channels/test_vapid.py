"""VAPID (RFC 8292): keys and signatures."""

import stat
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub.channels.vapid import LIFETIME_MS, RENEW_MS, Vapid, kept_beside, make_private_key, public_key

NOW = 1_800_000_000_000
GOOGLE, MOZILLA = "https://fcm.googleapis.com", "https://updates.push.services.mozilla.com"
RFC_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RFC_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
"""A browser's key pair of RFC 8291, appendix A: the same curve and notation."""


@pytest.fixture
def vapid() -> Vapid:
    return Vapid(make_private_key(), "mailto:operator@example.com")


def claims(header: str) -> dict[str, Any]:
    """As a push service reads them."""
    token, key = header.removeprefix("vapid t=").split(", k=")
    point = urlsafe_b64decode(key + "=" * (-len(key) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    options: Any = {"verify_exp": False, "verify_aud": False}
    return dict(jwt.decode(token, public, ["ES256"], options=options))


def test_the_public_key_is_that_of_the_rfc() -> None:
    assert public_key(RFC_PRIVATE) == RFC_PUBLIC


def test_every_made_key_is_another_and_all_are_32_bytes() -> None:
    made = {make_private_key() for _ in range(50)}

    assert len(made) == 50
    assert {len(urlsafe_b64decode(each + "=")) for each in made} == {32}
    assert {len(public_key(each)) for each in made} == {87}


def test_a_signature_names_the_service_its_end_and_the_operator(vapid: Vapid) -> None:
    found = claims(vapid.authorization(GOOGLE, NOW))

    assert found == {"aud": GOOGLE, "exp": (NOW + LIFETIME_MS) // 1000, "sub": "mailto:operator@example.com"}


def test_each_service_gets_a_signature_of_its_own(vapid: Vapid) -> None:
    first, second = vapid.authorization(GOOGLE, NOW), vapid.authorization(MOZILLA, NOW)

    assert (claims(first)["aud"], claims(second)["aud"]) == (GOOGLE, MOZILLA)
    assert vapid.authorization(GOOGLE, NOW) == first


@pytest.mark.parametrize(
    ("later", "same"),
    [(0, True), (LIFETIME_MS - RENEW_MS - 1, True), (LIFETIME_MS - RENEW_MS, False), (-1000, False)],
    ids=["at once", "long before its end", "in its last hour", "when the clock went back"],
)
def test_a_signature_is_kept_while_it_is_good(vapid: Vapid, later: int, same: bool) -> None:  # noqa: FBT001
    first = vapid.authorization(GOOGLE, NOW)

    assert (vapid.authorization(GOOGLE, NOW + later) == first) is same


def test_strange_origins_do_not_fill_the_memory(vapid: Vapid) -> None:
    for number in range(1_001):
        vapid.authorization(f"https://{number}.example", NOW)

    assert len(vapid._signed) <= 1_000


def test_the_key_beside_a_database_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "demo.vapid"

    made = kept_beside(path)

    assert kept_beside(path) == made
    assert public_key(made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_with_something_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "demo.vapid"
    path.write_text("a poem")

    with pytest.raises(ValueError, match="32 bytes of base64url"):
        kept_beside(path)
    assert path.read_text() == "a poem"
