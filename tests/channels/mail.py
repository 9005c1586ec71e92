"""Settings and e-mails for the tests of what carries e-mails."""

from typing import Any

from hub.channels.base import Email
from hub.ids import new_id
from hub.settings import Settings

SENDER = "The Hub <no-reply@hub.example>"


def mail_settings(**changes: Any) -> Settings:
    values = {
        "database_url": "sqlite+aiosqlite://",
        "jwt_secret": "a-secret-of-tests-that-is-long-enough-to-be-one",
        "smtp_from": SENDER,
        "smtp_host": "127.0.0.1",
        "smtp_tls": "none",
        **changes,
    }
    return Settings(_env_file=None, **values)


def email(delivery_id: str | None = None, **changes: Any) -> Email:
    values = {"to": "fan@example.com", "subject": "Hi", "text": "Hello\n", "html": "<p>Hello</p>", **changes}
    return Email(delivery_id=delivery_id or new_id(), notification_id=new_id(), user_id="fan", **values)
