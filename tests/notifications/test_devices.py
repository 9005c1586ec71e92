"""Devices: registering a browser once, moving it to another person, keeping few, and what is refused."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.errors import RequestInvalid
from hub.notifications.devices import MOST_DEVICES, Subscription
from persistence import endpoints
from tests.notifications.desk import Desk, open_desk

ENDPOINT = "https://push.example.com/send/abc"


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as made:
        yield made


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def point() -> bytes:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


KEY = point()


def subscription(
    endpoint: str = ENDPOINT, *, p256dh: str | None = None, auth: str | None = None, label: str = "Phone"
) -> Subscription:
    return Subscription(
        endpoint=endpoint, p256dh=p256dh or text(KEY), auth=auth or text(b"0123456789abcdef"), label=label
    )


async def test_a_browser_that_registers_again_is_one_device_with_its_new_keys(desk: Desk) -> None:
    first = await desk.devices.register("fan", subscription())
    fresh = text(point())
    again = await desk.devices.register("fan", subscription(p256dh=fresh, label="Same phone"))

    assert again.id == first.id
    assert [each.label for each in await desk.devices.of("fan")] == ["Same phone"]
    async with desk.database.read() as connection:
        row = (await endpoints.of_user(connection, "fan"))[0]
    assert (row.p256dh, row.status, row.address) == (fresh, "active", ENDPOINT)


async def test_a_browser_belongs_to_whom_uses_it_now(desk: Desk) -> None:
    await desk.devices.register("fan", subscription())
    await desk.devices.register("creator", subscription())

    assert await desk.devices.of("fan") == []
    assert len(await desk.devices.of("creator")) == 1
    assert (await desk.choices.of("creator")).channels_available["push"]
    assert not (await desk.choices.of("fan")).channels_available["push"]


async def test_a_device_that_was_gone_works_again_after_registering(desk: Desk) -> None:
    device = await desk.devices.register("fan", subscription())
    async with desk.database.begin() as tx:
        row = (await endpoints.of_user(tx.connection, "fan"))[0]
        await endpoints.register(tx.connection, {**row._mapping, "status": "gone", "reason": "410"})
    assert await desk.devices.of("fan") == []

    assert (await desk.devices.register("fan", subscription())).id == device.id


async def test_of_many_devices_the_oldest_goes(desk: Desk) -> None:
    for number in range(MOST_DEVICES):
        desk.clock.forward(1)
        await desk.devices.register("fan", subscription(f"{ENDPOINT}/{number}", label=f"{number}"))
    desk.clock.forward(1)
    await desk.devices.register("fan", subscription(f"{ENDPOINT}/0", label="0"))  # renewed: not the oldest any more
    desk.clock.forward(1)
    await desk.devices.register("fan", subscription(f"{ENDPOINT}/new", label="new"))

    labels = [each.label for each in await desk.devices.of("fan")]
    assert labels == ["new", "0", *(f"{number}" for number in range(MOST_DEVICES - 1, 1, -1))]


async def test_removing_by_id_and_by_endpoint(desk: Desk) -> None:
    device = await desk.devices.register("fan", subscription())
    await desk.devices.register("fan", subscription(f"{ENDPOINT}/2"))

    assert not await desk.devices.remove("creator", device_id=device.id)
    assert not await desk.devices.remove("creator", endpoint=ENDPOINT)
    assert await desk.devices.remove("fan", device_id=device.id)
    assert not await desk.devices.remove("fan", device_id=device.id)
    assert await desk.devices.remove("fan", endpoint=f"{ENDPOINT}/2")
    assert await desk.devices.of("fan") == []


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("endpoint", subscription("http://push.example.com/x")),
        ("endpoint", subscription("https://localhost/x")),
        ("endpoint", subscription("https://127.0.0.1/x")),
        ("endpoint", subscription("file:///etc/passwd")),
        ("keys.p256dh", subscription(p256dh="!!!!")),
        ("keys.p256dh", subscription(p256dh="é")),
        ("keys.p256dh", subscription(p256dh=text(b"\4" + bytes(64)))),
        ("keys.p256dh", subscription(p256dh=text(KEY[:64]))),
        ("keys.auth", subscription(auth=text(b"short"))),
        ("keys.auth", subscription(auth="a")),
    ],
)
async def test_what_no_push_service_gave_is_refused(desk: Desk, field: str, wrong: Subscription) -> None:
    with pytest.raises(RequestInvalid) as refused:
        await desk.devices.register("fan", wrong)
    assert refused.value.details["field"] == field
    assert await desk.devices.of("fan") == []


async def test_padding_and_the_other_alphabet_of_base64_do_no_harm(desk: Desk) -> None:
    padded = b64encode(b"\xfb\xff0123456789abcd").decode()

    await desk.devices.register("fan", subscription(auth=padded.replace("+", "-").replace("/", "_")))

    async with desk.database.read() as connection:
        row = (await endpoints.of_user(connection, "fan"))[0]
    assert row.auth == text(b"\xfb\xff0123456789abcd")
