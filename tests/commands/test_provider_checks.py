"""`hub doctor` asks the providers that are set up, and says whose credentials are refused."""

from tests.commands.conftest import Run
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.twilio import TwilioDouble
from tests.doubles.whatsapp import WhatsAppDouble


def lines(out: str, mark: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith(mark) and "providers" in line]


async def test_doctor_asks_every_provider(run_hub: Run, sqlite_url: str) -> None:
    sendgrid, twilio, whatsapp = SendGridDouble(), TwilioDouble(), WhatsAppDouble()
    async with sendgrid.running() as mail, twilio.running() as sms, whatsapp.running():
        done = await run_hub(
            "doctor",
            HUB_DATABASE_URL=sqlite_url,
            HUB_SENDGRID_API_KEY=sendgrid.api_key,
            HUB_SENDGRID_BASE_URL=mail,
            HUB_TWILIO_ACCOUNT_SID=twilio.account_sid,
            HUB_TWILIO_AUTH_TOKEN=twilio.auth_token,
            HUB_TWILIO_BASE_URL=sms,
            HUB_WHATSAPP_TOKEN=whatsapp.token,
            HUB_WHATSAPP_PHONE_NUMBER_ID=whatsapp.phone_number_id,
            HUB_WHATSAPP_BASE_URL=whatsapp.base_url,
        )

    (line,) = lines(done.out, "ok")
    assert "SendGrid takes our key" in line
    assert "Twilio takes our key" in line
    assert "WhatsApp takes our key" in line
    assert "HUB_WHATSAPP_APP_SECRET" in line, "its reports could not be taken"


async def test_doctor_says_whose_key_is_refused(run_hub: Run, sqlite_url: str) -> None:
    sendgrid = SendGridDouble()
    async with sendgrid.running() as mail:
        done = await run_hub(
            "doctor", HUB_DATABASE_URL=sqlite_url, HUB_SENDGRID_API_KEY="wrong", HUB_SENDGRID_BASE_URL=mail
        )

    (line,) = lines(done.out, "problem")
    assert "HUB_SENDGRID_API_KEY" in line
    assert done.code == 1
    assert "wrong" not in done.out


async def test_doctor_says_which_provider_does_not_answer(run_hub: Run, sqlite_url: str) -> None:
    done = await run_hub(
        "doctor",
        HUB_DATABASE_URL=sqlite_url,
        HUB_SENDGRID_API_KEY="any",
        HUB_SENDGRID_BASE_URL="http://127.0.0.1:9",
    )

    (line,) = lines(done.out, "problem")
    assert "SendGrid does not answer" in line


async def test_without_providers_doctor_names_the_sandbox(run_hub: Run, sqlite_url: str) -> None:
    done = await run_hub("doctor", HUB_DATABASE_URL=sqlite_url)

    (line,) = lines(done.out, "ok")
    assert "/deliveries.html" in line
