"""What the e-mail says: in the person's language, safe whatever people call themselves or write."""

import pytest

from tests.doubles.smtp import SmtpDouble, part
from tests.notifications.conftest import DELAY
from tests.notifications.road import Road

LANGUAGES = [
    ("en", "New message from Creator", "Hello Fan,", "Read and reply"),
    ("fr", "Nouveau message de Creator", "Bonjour Fan,", "Lire et répondre"),
    ("ht", "Nouvo mesaj nan men Creator", "Bonjou Fan,", "Li epi reponn"),
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The words have nothing to do with the kind of database."""
    return sqlite_url


@pytest.mark.parametrize(("locale", "subject", "greeting", "link"), LANGUAGES)
async def test_the_email_speaks_the_persons_language(
    mail_road: Road, smtp: SmtpDouble, locale: str, subject: str, greeting: str, link: str
) -> None:
    await mail_road.person("fan", locale=locale)
    await mail_road.write("Salut ! Ça va ? 👋")

    await mail_road.work(DELAY)

    (mail,) = smtp.accepted
    assert mail["Subject"] == subject
    assert mail["From"] == "The Hub <no-reply@hub.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    for subtype in ("plain", "html"):
        content = part(mail, subtype)
        assert greeting in content
        assert link in content
        assert "Salut ! Ça va ? 👋" in content
    assert f'<html lang="{locale}">' in part(mail, "html")


@pytest.mark.parametrize(("locale", "subject"), [("en", "2 new"), ("fr", "2 nouveaux"), ("ht", "2 nouvo")])
async def test_several_messages_are_counted_in_every_language(road: Road, locale: str, subject: str) -> None:
    await road.person("fan", locale=locale)
    await road.write("one")
    await road.write("two")

    await road.work(DELAY)

    (mail,) = await road.captures()
    assert mail.subject.startswith(subject)


async def test_names_and_texts_are_escaped_in_html(mail_road: Road, smtp: SmtpDouble) -> None:
    await mail_road.person("creator", display_name='<b>Eve</b> & "Co"')
    await mail_road.write("<script>alert('x')</script> & more\nsecond line")

    await mail_road.work(DELAY)

    html = part(smtp.accepted[0], "html")
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; more<br>second line" in html
    assert "&lt;b&gt;Eve&lt;/b&gt; &amp; &quot;Co&quot;" in html
    assert "<b>Eve</b>" in part(smtp.accepted[0], "plain")


@pytest.mark.parametrize("evil", ["Eve\r\nBcc: all@example.com", "Eve\nSubject: x", "Eve\u2028Bcc: y", "{name} %s {0}"])
async def test_a_name_cannot_become_a_header(mail_road: Road, smtp: SmtpDouble, evil: str) -> None:
    await mail_road.person("creator", display_name=evil)
    await mail_road.person("fan", display_name=evil)
    await mail_road.write()

    await mail_road.work(DELAY)

    (mail,) = smtp.accepted
    assert mail["Subject"] == f"New message from {' '.join(evil.split())}"
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject") or []) == 1
    assert mail["To"] == "fan@example.com"


async def test_a_long_text_is_shortened_and_a_long_name_still_fits(mail_road: Road, smtp: SmtpDouble) -> None:
    await mail_road.person("creator", display_name="Ž" * 200)
    await mail_road.write("x" * 5_000)

    await mail_road.work(DELAY)

    (mail,) = smtp.accepted
    assert mail["Subject"] == f"New message from {'Ž' * 200}"
    assert f"> {'x' * 199}…" in part(mail, "plain")
    assert "x" * 200 not in part(mail, "html")


@pytest.mark.parametrize("body", [".", "..\n.\n.hidden", "From here\nFrom there"])
async def test_texts_that_mean_something_to_smtp_arrive_as_they_were_written(
    mail_road: Road, smtp: SmtpDouble, body: str
) -> None:
    await mail_road.write(body)

    await mail_road.work(DELAY)

    quoted = "\n".join(f"> {line}" for line in body.splitlines())
    assert quoted in part(smtp.accepted[0], "plain")


async def test_the_message_id_names_the_delivery(mail_road: Road, smtp: SmtpDouble) -> None:
    await mail_road.write()
    await mail_road.work(DELAY)

    (mail,) = smtp.accepted
    assert mail["Message-ID"].endswith("@hub.example>")
    assert len(mail["Message-ID"]) == len("<@hub.example>") + 36


@pytest.mark.parametrize("address", ["jöe@example.com", "joe@exämple.com", "a,b@example.com", '"x@example.com'])
async def test_an_odd_address_never_leaves_a_delivery_in_doubt(mail_road: Road, smtp: SmtpDouble, address: str) -> None:
    """Either it goes out, or it surely does not: `unknown` is for lost answers alone."""
    await mail_road.person("fan", email=address)
    await mail_road.write()

    await mail_road.work(DELAY)

    expected = ["accepted"] if smtp.accepted else ["failed"]
    assert await mail_road.states() == expected
