"""How Twilio's senders are driven in tests."""

from hub.channels.base import Sms
from hub.channels.twilio_sms import TwilioSmsSender
from hub.ids import new_id
from hub.settings import Settings
from tests.channels.conformance import Case
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.doubles.gate import Gate
from tests.doubles.twilio import TwilioDouble, error

FAN = "+50937001234"


class TwilioCase(Case):
    def __init__(self, double: TwilioDouble, clock: MovableClock, **changes: object) -> None:
        self.double, self.clock = double, clock
        self.sender = TwilioSmsSender(twilio_settings(double, **changes), clock)

    def message(self, delivery_id: str) -> Sms:
        return sms(delivery_id)

    def taken(self) -> int:
        return len(self.double.messages)

    def connections(self) -> int:
        return self.double.connections

    def refuse_temporarily(self) -> None:
        self.double.always = error(429, 20429, "Too Many Requests")

    def refuse_for_good(self) -> None:
        self.double.always = error(400, 21612, "Message cannot be sent with the current combination")

    def refuse_us(self) -> None:
        self.double.auth_token = "another"

    def stall(self) -> Gate:
        self.double.before = gate = Gate()
        return gate

    def hang_after_taking(self) -> None:
        self.double.after = Gate()

    def cut_after_taking(self) -> None:
        self.double.cut = True

    async def vanish(self) -> None:
        await self.double.vanish()


def twilio_settings(double: TwilioDouble, **changes: object) -> Settings:
    values: dict[str, object] = {
        "twilio_account_sid": double.account_sid,
        "twilio_auth_token": double.auth_token,
        "twilio_base_url": double.url,
        "twilio_timeout_seconds": 0.5,
        "twilio_sms_from": "+15550009999",
        "twilio_whatsapp_from": "+15550009999",
        "twilio_whatsapp_templates": {"new_message.fr": "HX" + "1" * 32, "new_message.ht": "HX" + "2" * 32},
        "public_url": "https://hub.example",
    }
    return make_settings("sqlite+aiosqlite://", **{**values, **changes})


def sms(delivery_id: str, text: str = "Ou gen yon nouvo mesaj", to: str = FAN) -> Sms:
    return Sms(delivery_id=delivery_id, notification_id=new_id(), user_id="fan", to=to, text=text)
