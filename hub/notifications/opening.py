"""Where a notification leads to."""

from collections.abc import Mapping
from typing import Any


def opens(public_url: str, conversation_id: str | None, data: Mapping[str, Any]) -> str:
    """A page of ours, or an https address that the event names in `url`; else its conversation, or the start page.

    Events come from the platform, yet what they name ends up in an href: other schemes, and paths that browsers read
    as hosts, are passed over.
    """
    url = data.get("url")
    if isinstance(url, str) and url.startswith("/") and not url.startswith(("//", "/\\")):
        return public_url + url
    if isinstance(url, str) and url.startswith(("https://", f"{public_url}/")):
        return url
    if conversation_id is not None:
        return f"{public_url}/?conversation={conversation_id}"
    return f"{public_url}/"
