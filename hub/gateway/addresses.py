"""The address of a client, also behind proxies that the operator trusts."""

from ipaddress import ip_address

from aiohttp.web import Request

from hub.settings import networks


class TrustedProxies:
    """Believes X-Forwarded-For only as far as it was written by trusted addresses."""

    def __init__(self, listed: str) -> None:
        self._networks = networks(listed)

    def client(self, request: Request) -> str:
        """The nearest address that is not a trusted proxy."""
        address = request.remote or ""
        forwarded = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
        while forwarded and self._trusted(address):
            address = forwarded.pop()
        return address

    def _trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)
