"""Keeps requests to addresses that people gave us away from our own network (server-side request forgery).

An endpoint is looked at twice. `check_endpoint` takes only URLs that every parser reads the same way, with a name for a
host. `PublicResolver` then looks at the addresses of that name at the very look-up whose result is connected to, so a
name cannot point somewhere else between the check and the connection. Redirects are not followed (`HttpPool`), and
TLS asks the other end for a certificate of that name.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

LONGEST = 2_048
LONGEST_HOST = 253
SHAPE = re.compile(r"https://([^/?:]+)(?::443)?(/[!$-;=?-Z_a-z~]*)")
"""Host and path in printable ASCII; no fragment, and no port but 443, the one of every push service."""
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A host whose last label is one is an IPv4 address to browsers and to some resolvers (WHATWG URL, 3.5)."""
OWN_NAMES = ("localhost", "local", "internal", "lan", "home.arpa")
"""Names of machines near us (RFC 6761, 6762, 8375)."""

NOT_PUBLIC_4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
"""https://www.iana.org/assignments/iana-ipv4-special-registry; written out because `is_global` differs by version."""
PUBLIC_6 = IPv6Network("2000::/3")
"""All that is assigned as global unicast; loopback, mapped, link-local, unique local and multicast are outside."""
NOT_PUBLIC_6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments, with Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
"""https://www.iana.org/assignments/iana-ipv6-special-registry."""
NAT64 = IPv6Network("64:ff9b::/96")
"""An IPv4 address inside, which may be public: how IPv6-only networks reach IPv4 (RFC 6052)."""


class NotPublic(OSError):
    """The name leads to no public address."""


def check_endpoint(url: str) -> None:
    """Raises ValueError, with the reason, for what cannot be the endpoint of a push subscription.

    It must be `https://name/path`, with a public-looking DNS name in ASCII and no port but 443. IP addresses in any
    notation are refused: push services have names. Whether the name leads to public addresses shows when it is used.
    """
    if len(url) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    if not url.startswith("https://"):
        raise ValueError("it does not begin with https://")
    parts = SHAPE.fullmatch(url)
    if parts is None:
        raise ValueError("it is not https://name/path in plain ASCII without user, port or fragment")
    _check_name(parts[1].lower())


def _check_name(host: str) -> None:
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(LABEL.fullmatch(each) for each in labels):
        raise ValueError("its host is no DNS name")
    if NUMBER.fullmatch(labels[-1]):
        raise ValueError("its host is an IP address")
    if len(labels) == 1 or any(host == each or host.endswith(f".{each}") for each in OWN_NAMES):
        raise ValueError("its host is not public")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return _public_4(found) if isinstance(found, IPv4Address) else _public_6(found)


def _public_4(address: IPv4Address) -> bool:
    return not any(address in each for each in NOT_PUBLIC_4)


def _public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address in NAT64:
        return _public_4(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in PUBLIC_6 and not any(address in each for each in NOT_PUBLIC_6)


class PublicResolver(AbstractResolver):
    """Gives aiohttp the public addresses of a name, and no others. What it gives is what is connected to."""

    def __init__(self, names: AbstractResolver | None = None) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses. Raises NotPublic when none is public, OSError when there are none."""
        if self._names is None:
            self._names = ThreadedResolver()  # made late: it belongs to the event loop that runs it
        found = await self._names.resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise NotPublic("no public address")
        return public

    async def close(self) -> None:
        """Closes the resolver behind."""
        if self._names is not None:
            await self._names.close()
