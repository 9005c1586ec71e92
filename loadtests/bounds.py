"""Keeps a load test away from machines that nobody meant: loopback, unless a host is named on the command line."""

import ipaddress
import socket
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit


class NotAllowed(Exception):
    """The target is not loopback; the text says how to allow it."""


def check_hosts(bases: Iterable[str], allowed: Collection[str]) -> None:
    """Raises NotAllowed for an address that is neither loopback nor named."""
    for base in bases:
        parts = urlsplit(base)
        if parts.scheme != "http" or not parts.hostname:
            raise NotAllowed(f"{base}: write the address as http://host:port")
        if parts.hostname not in allowed and not _loopback(parts.hostname):
            raise NotAllowed(
                f"{parts.hostname} is not this machine: a load test can take it down; "
                f"if it is yours, name it with --allow-remote {parts.hostname}"
            )


def _loopback(host: str) -> bool:
    try:
        found = {each[4][0] for each in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(str(each).partition("%")[0]).is_loopback for each in found)
