"""`hub doctor`: do the providers of the channels take our credentials, and can their reports reach us?"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aiohttp import BasicAuth, ClientError, ClientSession, ClientTimeout

from hub.settings import Settings

TIMEOUT_SECONDS = 10
REFUSED = (401, 403)
NOT_FOUND = 404


class Question(NamedTuple):
    """A request that costs nothing and only succeeds with the right credentials."""

    url: str
    headers: Mapping[str, str]
    auth: BasicAuth | None
    settings: str
    """Which settings to look at when it is refused."""
    deaf: str
    """What is missing for the provider's reports; empty when nothing is."""


class Refused(Exception):
    """A provider is set up and cannot be used; the text says what to do."""


def _sendgrid(settings: Settings) -> Question | None:
    key = settings.sendgrid_api_key.get_secret_value()
    if not key:
        return None
    return Question(
        f"{settings.sendgrid_base_url.rstrip('/')}/v3/scopes",
        {"Authorization": f"Bearer {key}"},
        None,
        "HUB_SENDGRID_API_KEY",
        "" if settings.sendgrid_webhook_key else "HUB_SENDGRID_WEBHOOK_KEY",
    )


def _twilio(settings: Settings) -> Question | None:
    sid = settings.twilio_account_sid
    if not sid:
        return None
    return Question(
        f"{settings.twilio_base_url.rstrip('/')}/2010-04-01/Accounts/{sid}.json",
        {},
        BasicAuth(sid, settings.twilio_auth_token.get_secret_value()),
        "HUB_TWILIO_ACCOUNT_SID and HUB_TWILIO_AUTH_TOKEN",
        "" if settings.public_url.startswith("https://") else "an https HUB_PUBLIC_URL",
    )


def _whatsapp(settings: Settings) -> Question | None:
    token = settings.whatsapp_token.get_secret_value()
    if not token:
        return None
    secrets = settings.whatsapp_app_secret.get_secret_value() and settings.whatsapp_verify_token.get_secret_value()
    return Question(
        f"{settings.whatsapp_base_url.rstrip('/')}/{settings.whatsapp_phone_number_id}",
        {"Authorization": f"Bearer {token}"},
        None,
        "HUB_WHATSAPP_TOKEN and HUB_WHATSAPP_PHONE_NUMBER_ID",
        "" if secrets else "HUB_WHATSAPP_APP_SECRET and HUB_WHATSAPP_VERIFY_TOKEN",
    )


PROVIDERS: Mapping[str, Callable[[Settings], Question | None]] = {
    "SendGrid": _sendgrid,
    "Twilio": _twilio,
    "WhatsApp": _whatsapp,
}


async def check(settings: Settings) -> str:
    """What each provider that is set up says. Raises Refused."""
    asked = {name: question for name, make in PROVIDERS.items() if (question := make(settings)) is not None}
    if not asked:
        return "none is set up: the sandbox captures what they would send, see /deliveries.html"
    async with ClientSession(timeout=ClientTimeout(total=TIMEOUT_SECONDS)) as session:
        return "; ".join([await _ask(session, name, question) for name, question in asked.items()])


async def _ask(session: ClientSession, name: str, question: Question) -> str:
    try:
        async with session.get(
            question.url, headers=question.headers, auth=question.auth, allow_redirects=False
        ) as response:
            status = response.status
    except (ClientError, TimeoutError, OSError) as error:
        raise Refused(f"{name} does not answer: {type(error).__name__}; may this machine reach it?") from None
    if status in REFUSED or status == NOT_FOUND:
        raise Refused(f"{name} refuses us ({status}); check {question.settings}")
    if question.deaf:
        return f"{name} takes our key, but its reports cannot be taken without {question.deaf}"
    return f"{name} takes our key"
