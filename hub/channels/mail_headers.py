"""The address and the headers of an e-mail, whichever provider carries it."""

from collections.abc import Iterator

from hub.channels.base import Email


def extra_headers(message: Email) -> Iterator[tuple[str, str]]:
    """Name and value of each. ValueError when the unsubscribe URL cannot stand in a header."""
    yield "Auto-Submitted", "auto-generated"  # RFC 3834: out-of-office replies stay away
    if message.unsubscribe_url is not None:
        yield "List-Unsubscribe", f"<{one_line(message.unsubscribe_url)}>"  # RFC 2369
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"  # RFC 8058


def one_line(value: str) -> str:
    """`value`; ValueError when a control character in it would begin another header or cut this one."""
    if not value.isprintable() and any(each < " " or each == "\x7f" for each in value):
        raise ValueError("a control character in a header")
    return value


def ascii_address(address: str) -> str:
    """The address with its domain in IDNA (RFC 5891); ValueError for a local part that needs SMTPUTF8 (RFC 6531)."""
    local, _, domain = address.rpartition("@")
    if not local.isascii() or not local or not address.isprintable() or " " in address:
        raise ValueError("the address needs SMTPUTF8 or is none")
    return f"{local}@{domain.encode('idna').decode()}"
