"""What a report costs an address. The suppression list beats every preference: nothing is written there again.

- An address that is dead for good (`permanent`): the whole channel.
- A complaint: the whole channel too. The law (CAN-SPAM, CASL, GDPR Art. 21) asks for the end of marketing alone, but
  mailbox providers count complaints against everything that we send, and SendGrid drops all further mail to who
  complained anyway; what is critical climbs to the next channel instead.
- An unsubscription at the provider: the category of the message that it came from, or platform news where that is not
  known; never what must arrive. An SMS carrier's STOP list covers the whole number.
"""

from collections.abc import Sequence
from typing import Any

import structlog

from hub.channels.base import Report
from hub.notifications.offers import is_required
from persistence import delivering, reported
from persistence.suppressions import address_hash
from persistence.uow import Tx

log = structlog.get_logger()

CHANNEL_OF = {"sendgrid": "email", "whatsapp": "whatsapp"}
"""Of providers that have one channel; for the others the delivery says which it is."""


async def suppress(tx: Tx, reports: Sequence[Report], rows: Sequence[Any]) -> None:
    """Lists the addresses that new reports cost; `rows` are the deliveries that are known of them."""
    by_id = {row.id: row for row in rows}
    by_provider = {row.provider_id: row for row in rows if row.provider_id is not None}
    costly = [report for report in reports if report.permanent or report.kind in ("complained", "unsubscribed")]
    if not costly:
        return
    people = await reported.contacts(tx.connection, {row.user_id for row in rows})
    listed = {}
    for report in costly:
        row = by_id.get(report.delivery_id or "") or by_provider.get(report.provider_id)
        channel = row.channel if row is not None else CHANNEL_OF.get(report.provider)
        address = report.address or (_address(people.get(row.user_id), channel) if row is not None else None)
        scope = _scope(report, channel, row)
        if channel is not None and address and scope is not None:
            values = {
                "channel": channel,
                "address_hash": address_hash(address),
                "scope": scope,
                "reason": report.kind,
                "created_at": tx.now,
                "expires_at": None,
            }
            listed[channel, values["address_hash"], scope] = values
            log.info("address.suppressed", channel=channel, scope=scope, reason=report.kind, provider=report.provider)
    await delivering.suppress(tx.connection, [listed[key] for key in sorted(listed)])


def _scope(report: Report, channel: str | None, row: Any | None) -> str | None:
    if report.kind != "unsubscribed" or channel in ("sms", "whatsapp"):
        return "all"
    category = "news" if row is None else str(row.category)
    return None if is_required(category) else category


def _address(contact: Any | None, channel: str | None) -> str | None:
    if contact is None:
        return None
    address = contact.email if channel == "email" else contact.phone
    return None if address is None else str(address)
