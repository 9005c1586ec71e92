"""The guard against endpoints that lead into our own network."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from hub.channels.base import RetryLater
from hub.channels.http_pool import HttpPool, NotSent
from hub.channels.public_hosts import NotPublic, PublicResolver, check_endpoint, is_public
from hub.channels.push import PushSender
from tests.channels.conformance import yes
from tests.channels.pushing import push, push_settings
from tests.doubles.push_service import PushDouble

PUBLIC_4, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1::1"


class Names(AbstractResolver):
    """A name server whose owner means us ill: gives each look-up the next of its answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "url",
    [
        "https://fcm.googleapis.com/fcm/send/dQw4w9WgXcQ:APA91b-H_x~y",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAAB%2Bx==",
        "https://web.push.apple.com/QGuQyavXutnMH-h0",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAC%2f%2bk%3d",
        "https://PUSH.example.com:443/a",
        "https://sandbox.invalid/demo-fan",
        "https://xn--bcher-kva.example/a",
        "https://1password.example.com/a",
    ],
)
def test_endpoints_of_push_services_pass(url: str) -> None:
    check_endpoint(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "push.example.com/a",
        "//push.example.com/a",
        "http://push.example.com/a",
        "HTTPS://push.example.com/a",
        "ftp://push.example.com/a",
        "file:///etc/passwd",
        "https:/push.example.com/a",
        "https:push.example.com/a",
        "https:///a",
        "https://push.example.com",
        "https://push.example.com?a",
        " https://push.example.com/a",
        "https://push.example.com/a\n",
        "https://push.example.com/a b",
        "https://push.example.com/a\r\nHost: localhost",
        "https://push.example.com/a#b",
        "https://push.example.com/é",
        f"https://push.example.com/{'a' * 2048}",
        # ports
        "https://push.example.com:80/a",
        "https://push.example.com:8443/a",
        "https://push.example.com:/a",
        "https://push.example.com:0443/a",
        "https://push.example.com:443:443/a",
        # userinfo and backslashes: parsers do not agree about what the host is
        "https://user@push.example.com/a",
        "https://user:password@push.example.com/a",
        "https://push.example.com@127.0.0.1/a",
        "https://127.0.0.1\\@push.example.com/a",
        "https://push.example.com\\.localhost/a",
        "https://push.example.com%2F@localhost/a",
        "https://push.example.com/a\\b",
        # IP addresses in every notation
        "https://127.0.0.1/a",
        "https://93.184.216.34/a",
        "https://127.1/a",
        "https://2130706433/a",
        "https://0x7f000001/a",
        "https://0x7f.1/a",
        "https://0177.0.0.1/a",
        "https://017700000001/a",
        "https://0/a",
        "https://1.2.3.4.5/a",
        "https://example.0x/a",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/a",
        "https://[::]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[::ffff:7f00:1]/a",
        "https://[fe80::1%25eth0]/a",
        "https://[64:ff9b::7f00:1]/a",
        "https://::1/a",
        # names of machines near us
        "https://localhost/a",
        "https://LOCALHOST/a",
        "https://localhost./a",
        "https://a.localhost/a",
        "https://printer.local/a",
        "https://metadata.google.internal/a",
        "https://nas.home.arpa/a",
        "https://intranet/a",
        # names that are none, or that something else may turn into one
        "https://push.example.com./a",
        "https://push..example.com/a",
        "https://.push.example.com/a",
        "https://-push.example.com/a",
        "https://push-.example.com/a",
        "https://pu_sh.example.com/a",
        "https://push%2eexample.com/a",
        "https://127。0。0。1/a",
        "https://①②⑦.0.0.1/a",
        "https://lоcalhost.example/a",
        "https://example.com\u3002localhost/a",
        "https://push\u00ad.example.com/a",
        f"https://{'a' * 64}.example.com/a",
        f"https://{'a.' * 127}com/a",
    ],
)
def test_what_may_be_read_as_something_near_us_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^it"):
        check_endpoint(url)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
        *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
        *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:93.184.216.34", "100::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2001::1", "2001:0:5ef5::1"),
        *("2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:c0a8:101::1", "3fff::1", "4000::1", "5f00::1"),
        *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "2606:2800:220:1::1%1"),
        *("localhost", "", "127.1", "0177.0.0.1", "1.2.3", "2130706433"),
    ],
)
def test_addresses_near_us_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            PUBLIC_4,
            PUBLIC_6,
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
        ),
        *("128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "223.255.255.255"),
        *("2001:200::1", "2a00:1450:4007::1", "64:ff9b::5db8:d822"),
    ],
)
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


async def test_only_the_public_addresses_of_a_name_are_given() -> None:
    resolver = PublicResolver(Names(["127.0.0.1", PUBLIC_4, "::1", PUBLIC_6]))

    assert [each["host"] for each in await resolver.resolve("push.example.net", 443)] == [PUBLIC_4, PUBLIC_6]


async def test_a_name_that_changes_between_two_look_ups_is_checked_at_each() -> None:
    resolver = PublicResolver(Names([PUBLIC_4], ["127.0.0.1"]))

    assert await resolver.resolve("push.example.net", 443)
    with pytest.raises(NotPublic):
        await resolver.resolve("push.example.net", 443)


async def test_a_name_that_leads_to_us_is_not_connected_to() -> None:
    names, double = Names(["127.0.0.1"]), PushDouble()
    async with double.running() as url:
        guarded, free = HttpPool(1, PublicResolver(names)), HttpPool(1, names)
        address = url.replace("127.0.0.1", "push.example.net")

        with pytest.raises(NotSent):
            await guarded.request("POST", address)
        assert (double.requests, double.connections) == (0, 0)
        assert (await free.request("POST", address)).status == 404  # so it was the guard, and nothing else
        await guarded.close()
        await free.close()


async def test_one_look_up_serves_the_check_and_the_connection() -> None:
    names = Names(["127.0.0.1"], [PUBLIC_4])
    pool = HttpPool(1, PublicResolver(names))

    with pytest.raises(NotSent):
        await pool.request("POST", "http://push.example.net/a")
    await pool.close()

    assert names.asked == 1


async def test_a_push_to_a_name_that_leads_to_us_waits_and_says_why() -> None:
    subscription = PushDouble(url="https://push.example.net").subscribe()
    sender = PushSender(push_settings(), names=Names(["10.0.0.1"]))

    assert await sender.send(push(subscription), yes) == RetryLater("not sent: no public address")
    await sender.close()
