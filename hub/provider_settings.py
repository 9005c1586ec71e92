"""Settings of the providers of each channel; a channel none of whose providers is set up is captured by the sandbox."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ProviderSettings(BaseSettings):
    """What `Settings` takes over."""

    smtp_host: str = ""
    """Without it (and without SendGrid) e-mails are captured and shown at /deliveries.html (development)."""
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_from: str = "Hub <no-reply@localhost>"
    """The sender of every e-mail, also through SendGrid."""
    email_footer: str = ""
    """Who writes, and from where: the law wants a postal address under commercial e-mails."""
    smtp_timeout_seconds: float = Field(15, gt=0, le=25)
    """For everything before DATA, and again for DATA; shorter than a delivery's lease."""
    smtp_weight: int = Field(1, ge=0, le=1000)
    """Share of e-mails beside SendGrid's weight; 0: only when SendGrid fails."""

    sendgrid_api_key: SecretStr = SecretStr("")
    sendgrid_base_url: str = "https://api.sendgrid.com"
    sendgrid_webhook_key: str = ""
    """Public key of the event webhook (base64 DER, as SendGrid shows it); without it its events are refused."""
    sendgrid_timeout_seconds: float = Field(10, gt=0, le=25)
    sendgrid_weight: int = Field(1, ge=0, le=1000)

    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_base_url: str = "https://api.twilio.com"
    twilio_timeout_seconds: float = Field(10, gt=0, le=25)
    twilio_sms_from: str = ""
    """A number as E.164, or the SID of a messaging service (MG…). Without it SMS are captured."""
    twilio_whatsapp_from: str = ""
    """A WhatsApp sender's number as E.164."""
    twilio_whatsapp_templates: dict[str, str] = {}
    """Our template name and language -> content SID, as JSON: {"new_message.en": "HX…"}."""
    twilio_sms_cost_micros: int = Field(7_900, ge=0)
    """Price of one SMS segment in millionths of a US dollar; for the costs that are shown, not for billing."""
    twilio_weight: int = Field(1, ge=0, le=1000)

    whatsapp_token: SecretStr = SecretStr("")
    """Access token of the WhatsApp Cloud API; without it (and without Twilio) WhatsApp messages are captured."""
    whatsapp_phone_number_id: str = ""
    whatsapp_app_secret: SecretStr = SecretStr("")
    """Signs the webhooks (X-Hub-Signature-256)."""
    whatsapp_verify_token: SecretStr = SecretStr("")
    """Answers the webhook's verification handshake."""
    whatsapp_base_url: str = "https://graph.facebook.com/v23.0"
    whatsapp_timeout_seconds: float = Field(10, gt=0, le=25)
    whatsapp_weight: int = Field(1, ge=0, le=1000)

    vapid_private_key: SecretStr = SecretStr("")
    """Raw P-256 private key, base64url (`hub doctor --vapid` makes one); without it push messages are captured."""
    vapid_subject: str = "mailto:operator@localhost"
    """Whom a push service can write to (RFC 8292)."""
    vapid_base_url: str = ""
    """Sends every push here instead of to its own origin: for a relay of yours, and for tests."""
    vapid_timeout_seconds: float = Field(10, gt=0, le=25)

    unread_push_seconds: float = Field(10, ge=0, le=86_400)
    """A message that is unread for so long, by someone who is not looking, gives a push message."""
    unread_email_seconds: float = Field(1_800, ge=0, le=7 * 86_400)
    """What is unread for so long is gathered into one e-mail."""
    announcement_pace: int = Field(5_000, ge=1, le=100_000)
    """People of an announcement's audience that are planned per second."""

    @property
    def provided_channels(self) -> frozenset[str]:
        """The channels that a provider is set up for."""
        twilio = bool(self.twilio_account_sid)
        found = {
            "email": bool(self.smtp_host or self.sendgrid_api_key.get_secret_value()),
            "sms": twilio and bool(self.twilio_sms_from),
            "whatsapp": (twilio and bool(self.twilio_whatsapp_from))
            or bool(self.whatsapp_token.get_secret_value() and self.whatsapp_phone_number_id),
            "push": bool(self.vapid_private_key.get_secret_value()),
        }
        return frozenset(name for name, provided in found.items() if provided)
