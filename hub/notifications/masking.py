"""Addresses as they may be shown: enough to recognize one's own, too little to use another's."""

from urllib.parse import urlsplit

from hub.channels.base import Channel

SHOWN_DIGITS = 4
PREFIX = 4
"""`+` and the country code, of which most have three digits at most."""


def masked(channel: Channel, address: str | None) -> str:
    """`j***@example.com`, `+509•••3456`, or the host of a push service; empty when there is no address."""
    if not address:
        return ""
    if channel == "email":
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}***@{domain}"
    if channel in ("sms", "whatsapp"):
        hidden = len(address) - PREFIX - SHOWN_DIGITS
        return f"{address[:PREFIX]}•••{address[-SHOWN_DIGITS:]}" if hidden > 0 else "•••"
    if channel == "push":
        return f"{urlsplit(address).hostname or '?'}/…"
    return ""
