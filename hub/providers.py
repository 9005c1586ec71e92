"""Which provider serves which channel: as the settings say, and the sandbox where they say nothing."""

from collections.abc import Sequence

from hub.channels.base import Channel, Sender
from hub.channels.capture import CaptureSender
from hub.channels.demo_push import DemoPush
from hub.channels.failover import Failover
from hub.channels.push import PushSender
from hub.channels.sendgrid import SendGridSender
from hub.channels.smtp import SmtpSender
from hub.channels.twilio_sms import TwilioSmsSender
from hub.channels.twilio_whatsapp import TwilioWhatsAppSender
from hub.channels.whatsapp_cloud import WhatsAppCloudSender
from hub.clock import Clock
from hub.settings import Settings
from persistence.uow import Database

CHANNEL_BUDGET_SECONDS = 27.0
"""For all providers of a channel together; shorter than a delivery's lease."""


def senders(
    settings: Settings, database: Database, clock: Clock, *, show_pushes: bool = False
) -> dict[Channel, Sender]:
    """A sender for each channel. With `show_pushes` push messages are sent and captured too (the demo)."""

    def channel(name: Channel, weighted: Sequence[tuple[Sender, int]]) -> Sender:
        # A single one gets a breaker too: while it is down, deliveries wait for it without using up their attempts.
        if weighted:
            return Failover(weighted, clock, budget_seconds=CHANNEL_BUDGET_SECONDS)
        return CaptureSender(database, name, settings)

    push: Sender = CaptureSender(database, "push", settings)
    if settings.vapid_private_key.get_secret_value():
        # Every browser maker runs a push service of its own: one breaker for all would punish the others.
        real = PushSender(settings)
        push = DemoPush(real, push) if show_pushes else real
    return {
        "email": channel("email", _email(settings, clock)),
        "sms": channel("sms", _sms(settings, clock)),
        "whatsapp": channel("whatsapp", _whatsapp(settings, clock)),
        "push": push,
    }


def _email(settings: Settings, clock: Clock) -> list[tuple[Sender, int]]:
    found: list[tuple[Sender, int]] = []
    if settings.sendgrid_api_key.get_secret_value():
        found.append((SendGridSender(settings, clock), settings.sendgrid_weight))
    if settings.smtp_host:
        found.append((SmtpSender(settings), settings.smtp_weight))
    return found


def _sms(settings: Settings, clock: Clock) -> list[tuple[Sender, int]]:
    if settings.twilio_account_sid and settings.twilio_sms_from:
        return [(TwilioSmsSender(settings, clock), settings.twilio_weight)]
    return []


def _whatsapp(settings: Settings, clock: Clock) -> list[tuple[Sender, int]]:
    found: list[tuple[Sender, int]] = []
    if settings.whatsapp_token.get_secret_value() and settings.whatsapp_phone_number_id:
        found.append((WhatsAppCloudSender(settings), settings.whatsapp_weight))
    if settings.twilio_account_sid and settings.twilio_whatsapp_from:
        found.append((TwilioWhatsAppSender(settings, clock), settings.twilio_weight))
    return found
