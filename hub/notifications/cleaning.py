"""What the database can hold of reports: whoever may send signed ones may still send odd ones."""

from typing import Any
from uuid import UUID

import structlog

from hub.channels.base import Report

log = structlog.get_logger()

LONGEST_ID = 200
LONGEST_REASON = 200
LATEST = 253_402_300_799_999
"""ms since the epoch of the end of 9999."""


def clean(report: Report) -> Report | None:
    """The report without what cannot be stored; None when it has no name or no time."""
    external_id = _text(report.external_id)
    if not external_id or len(external_id) > LONGEST_ID or not 0 <= report.at <= LATEST:
        log.info("report.not_kept", provider=report.provider, kind=report.kind)
        return None
    provider_id = _text(report.provider_id or "")
    return Report(
        provider=report.provider,
        external_id=external_id,
        kind=report.kind,
        delivery_id=_uuid(report.delivery_id),
        provider_id=provider_id if 0 < len(provider_id) <= LONGEST_ID else None,
        address=_text(report.address or "") or None,
        reason=_text(report.reason)[:LONGEST_REASON],
        permanent=report.permanent,
        at=report.at,
    )


def _text(text: str) -> str:
    """Without what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def _uuid(text: str | None) -> str | None:
    try:
        return None if text is None else str(UUID(text))
    except ValueError:
        return None


def row_of(report: Report, now: int) -> dict[str, Any]:
    """The row of a clean report that came `now`."""
    return {
        "provider": report.provider,
        "external_id": report.external_id,
        "kind": report.kind,
        "delivery_id": report.delivery_id,
        "provider_id": report.provider_id,
        "reason": report.reason or None,
        "at": report.at,
        "received_at": now,
    }
