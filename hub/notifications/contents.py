"""From a leased delivery to the message that its channel takes, in the person's language."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from hub.channels.base import Channel, Email, Message, Push, Sms, WhatsApp, WhatsAppTemplate
from hub.notifications import digest, gist, unread
from hub.notifications.batch import Leased
from hub.notifications.opening import opens
from hub.notifications.rules import CRITICAL, HIGH, LOW, NORMAL
from hub.notifications.templates import Person, Rendered, Templates

SignOff = Callable[[str, Channel, str], str | None]
"""(user id, channel, category) -> the token of an unsubscribe link, or None for what cannot be unsubscribed from."""
URGENCIES: Mapping[int, Any] = {CRITICAL: "high", HIGH: "high", NORMAL: "normal", LOW: "low"}
LONGEST_TTL_SECONDS = 28 * 86_400
"""What push services keep at most (FCM: 28 days)."""
SHOWN_IN_DIGEST = 10


class Content(Struct, frozen=True):
    """A message, and what is recorded of how it was made."""

    message: Message
    version: int
    variant: str
    locale: str
    told: Mapping[str, int]
    """Conversation id -> the last message that this tells of."""


class Contents:
    """Makes messages."""

    def __init__(self, templates: Templates, public_url: str, sign_off: SignOff) -> None:
        self._templates = templates
        self._url = public_url.rstrip("/")
        self._sign_off = sign_off

    def make(self, leased: Leased, channel: Channel, now: int) -> Content:
        """The message of a delivery. Raises TemplateFailed."""
        user, notification = leased.user, leased.notification
        person = Person(user.id, user.display_name, user.locale, user.time_zone, tuple(user.roles or ()))
        data, told = self._data(leased)
        open_url = opens(self._url, notification.conversation_id, data)
        links = {"open": open_url, "preferences": f"{self._url}/preferences.html"}
        one_click = None
        token = None
        if channel == "email" and not leased.rule.critical:
            token = self._sign_off(user.id, channel, notification.category)
        if token is not None:
            links["unsubscribe"] = f"{self._url}/unsubscribe.html?token={token}"
            one_click = f"{self._url}/api/v1/unsubscribe?token={token}"
        rendered = self._templates.render(
            notification.type,
            notification.role,
            channel,
            person,
            data,
            stable=user.id,
            now=now,
            links=links,
        )
        message = self._message(leased, channel, rendered, links, one_click, now)
        return Content(message, rendered.version, rendered.variant, rendered.locale, told)

    def _data(self, leased: Leased) -> tuple[Mapping[str, Any], Mapping[str, int]]:
        kind = leased.notification.type
        told = {str(row.conversation_id): int(row.last_seq) for row in leased.news}
        if kind == digest.TYPE:
            shown = [self._news(row) for row in leased.news]
            shown.sort(key=lambda each: -each["count"])
            count = sum(each["count"] for each in shown)
            more = max(0, len(shown) - SHOWN_IN_DIGEST)
            return {"count": count, "conversations": shown[:SHOWN_IN_DIGEST], "more": more}, told
        if kind == unread.TYPE:
            return self._news(leased.news[0]), told
        return msgspec.json.decode(leased.notification.data), told

    def _news(self, row: Any) -> dict[str, Any]:
        return {**gist.of_news(row), "url": f"{self._url}/?conversation={row.conversation_id}"}

    def _message(
        self,
        leased: Leased,
        channel: Channel,
        rendered: Rendered,
        links: Mapping[str, str],
        one_click: str | None,
        now: int,
    ) -> Message:
        row, to = leased.row, leased.address.to
        named = {
            "delivery_id": row.id,
            "notification_id": row.notification_id,
            "user_id": row.user_id,
            "to": to,
        }
        if channel == "email":
            return Email(
                **named,
                subject=rendered.subject or "",
                text=rendered.text,
                html=rendered.html or "",
                category=leased.notification.category,
                unsubscribe_url=one_click,
            )
        if channel == "sms":
            return Sms(**named, text=rendered.text)
        if channel == "whatsapp":
            template = WhatsAppTemplate(rendered.name, rendered.locale, rendered.parameters)
            return WhatsApp(**named, text=rendered.text, template=None if leased.window_open else template)
        return self._push(leased, rendered, links["open"], named, now)

    def _push(self, leased: Leased, rendered: Rendered, url: str, named: Mapping[str, str], now: int) -> Push:
        notification, device = leased.notification, leased.address.device
        about = notification.conversation_id or notification.id
        topic = urlsafe_b64encode(sha256(about.encode()).digest()[:24]).decode()  # 32 characters (RFC 8030, 5.4)
        lives = LONGEST_TTL_SECONDS
        if notification.expires_at is not None:
            lives = max(0, min(lives, (notification.expires_at - now) // 1000))
        payload = {
            "title": _cut(rendered.subject or "", 200),
            "body": _cut(rendered.text, 600),
            "url": url,
            "tag": topic,
            "notification_id": notification.id,
            "locale": rendered.locale,
        }
        return Push(
            **named,
            p256dh=device.p256dh,
            auth=device.auth,
            payload=msgspec.json.encode(payload),
            topic=topic,
            urgency="very-low" if notification.category == "news" else URGENCIES[min(notification.priority, LOW)],
            ttl_seconds=lives,
        )


def _cut(text: str, most: int) -> str:
    """At most `most` characters, so that the encrypted message fits into 4,096 bytes whatever the script."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
