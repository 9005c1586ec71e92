"""The rule matrix (domain rules, 6): who is told of what, by which channels, when, and in which words."""

import pytest

from tests.conftest import make_settings
from tests.notifications.road import Road, open_road

DATA = {
    "order_id": "A17",
    "title": "Vidéo",
    "fan": "Fan",
    "creator": "Creator",
    "fan_id": "fan",
    "creator_id": "creator",
    "amount": 5_000,
    "currency": "USD",
    "rating": 5,
}
LOCALES = ("en", "fr", "ht")
MINUTE = 60
Alert = tuple[str, int, tuple[str, str, str]]
"""Channel, seconds after the event, and the title in each language."""

MATRIX: list[tuple[str, str, list[Alert]]] = [
    ("order.placed", "fan", [("email", 0, ("Your order is placed", "Votre commande est passée", "Kòmand ou a pase"))]),
    (
        "order.placed",
        "creator",
        [("email", 0, ("New request from Fan", "Nouvelle demande de Fan", "Nouvo demann nan"))],
    ),
    (
        "delivery.ready",
        "fan",
        [
            ("push", 0, ("Creator has delivered", "Creator vous a livré", "Creator livre")),
            ("email", 10 * MINUTE, ("It is here", "C’est arrivé", "Li rive")),
        ],
    ),
    (
        "delivery.ready",
        "creator",
        [
            ("push", 0, ("Delivered", "Livraison faite", "Livrezon fèt")),
            ("email", 10 * MINUTE, ("Delivered", "Livraison faite", "Livrezon fèt")),
        ],
    ),
    ("payment.settled", "fan", [("email", 0, ("Your receipt", "Votre reçu", "Resi ou"))]),
    ("payment.settled", "creator", [("email", 0, ("You earned $50.00", "Vous avez gagné 50,00", "Ou fè 50,00"))]),
    ("ppv.received", "fan", [("push", 0, ("Creator sent you something", "Du nouveau pour vous", "Creator voye"))]),
    ("ppv.unlocked", "fan", [("push", 0, ("Unlocked", "Débloqué", "Mesaj Creator a deblòke"))]),
    ("ppv.unlocked", "creator", [("push", 0, ("Sold: $50.00", "Vendu", "Ou vann"))]),
    ("review.posted", "fan", [("email", 30 * MINUTE, ("Thank you", "Merci pour votre avis", "Mèsi pou evalyasyon"))]),
    ("review.posted", "creator", [("email", 30 * MINUTE, ("New review", "Nouvel avis", "Nouvo evalyasyon"))]),
    ("refund.made", "fan", [("email", 0, ("Your refund of $50.00", "Votre remboursement", "Ranbousman ou"))]),
    ("refund.made", "creator", [("email", 0, ("“Vidéo” was refunded", "Commande remboursée", "Yo ranbouse “Vidéo”"))]),
    ("dispute.opened", "fan", [("email", 0, ("A dispute was opened", "Un litige est ouvert", "Gen yon litij"))]),
    ("dispute.opened", "creator", [("email", 0, ("A dispute was opened", "Un litige est ouvert", "Gen yon litij"))]),
    ("payout.sent", "fan", [("email", 0, ("A payout is on its way", "Un versement", "Yon vèsman"))]),
    ("payout.sent", "creator", [("email", 0, ("A payout is on its way", "Un versement", "Yon vèsman"))]),
    ("security.password", "fan", [("email", 0, ("A change to your", "Un changement", "Gen yon chanjman"))]),
    ("security.password", "creator", [("email", 0, ("A change to your", "Un changement", "Gen yon chanjman"))]),
    ("platform.news", "fan", [("email", 0, ("Vidéo", "Vidéo", "Vidéo"))]),
    ("platform.news", "creator", [("email", 0, ("Vidéo", "Vidéo", "Vidéo"))]),
    (
        "something.else",
        "fan",
        [("push", 0, ("", "", ""))],
    ),
]
FIRST_CHANNELS = {
    "order.placed": ["email", "push", "sms"],
    "delivery.ready": ["push", "email"],
    "payment.settled": ["email"],
    "ppv.received": ["push"],
    "review.posted": ["email"],
    "refund.made": ["email", "push", "sms"],
    "dispute.opened": ["email", "push", "sms"],
    "payout.sent": ["email", "push", "sms"],
    "security.password": ["email", "push", "sms"],
    "platform.news": ["email"],
}
WITHOUT = {"email": {"email": None}, "sms": {"phone": None}}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the matrix says has nothing to do with the kind of database."""
    return sqlite_url


async def two_people(road: Road, locale: str) -> None:
    """Both are reachable everywhere, and want news."""
    for number, user_id in enumerate(("fan", "creator")):
        await road.person(user_id, locale=locale, phone=f"+5093400000{number}")
        await road.device(user_id)
        for channel in ("email", "in_app"):
            await road.choose(user_id, "category:news", channel, allowed=True)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("kind", "role", "expected"), MATRIX, ids=[f"{row[0]}-{row[1]}" for row in MATRIX])
async def test_an_event_is_told_as_the_matrix_says(
    road: Road, kind: str, role: str, expected: list[Alert], locale: str
) -> None:
    await two_people(road, locale)
    begin = road.clock.now()
    published = await road.publish(kind, role, data=DATA)

    await road.work()
    for _ in range(16):
        await road.work(5 * MINUTE)

    alerts = await road.captures(None)
    assert [(each.channel, (each.at - begin) // 1000) for each in alerts] == [alert[:2] for alert in expected]
    assert {each.user_id for each in alerts} == {role}
    for each, (_, _, titles) in zip(alerts, expected, strict=True):
        assert each.subject.startswith(titles[LOCALES.index(locale)])
        assert each.subject
    (told,) = await road.notifications()
    assert (told.id, told.user_id, told.role) == (published.notifications[0], role, role)
    assert told.inbox, "whatever else is told, the inbox shows it"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("reader", "writer"), [("fan", "creator"), ("creator", "fan")])
async def test_an_unread_message_is_in_the_inbox_at_once_then_pushed_then_mailed(
    database_url: str, reader: str, writer: str, locale: str
) -> None:
    settings = make_settings(database_url, unread_push_seconds=10, unread_email_seconds=1800)
    titles = {"en": "New message from", "fr": "Nouveau message de", "ht": "Nouvo mesaj nan men"}
    async with open_road(settings) as road:
        await road.begin()
        await two_people(road, locale)
        begin = road.clock.now()
        await road.write("Salut !", by=writer)

        await road.work()
        (inbox,) = await road.notifications(inbox=True)
        assert (inbox.user_id, inbox.type, inbox.created_at) == (reader, "message.unread", begin)
        for _ in range(200):
            await road.work(10)

        alerts = await road.captures(None)
        assert [(each.channel, (each.at - begin) // 1000) for each in alerts] == [("push", 10), ("email", 1800)]
        assert {each.subject for each in alerts} == {f"{titles[locale]} {writer.title()}"}
        assert {each.user_id for each in alerts} == {reader}


@pytest.mark.parametrize("kind", FIRST_CHANNELS)
async def test_without_a_channels_address_the_next_one_tells_at_once(road: Road, kind: str) -> None:
    """Every channel of the event in its order: each time the one before is taken away."""
    channels = FIRST_CHANNELS[kind]
    for place, channel in enumerate(channels):
        user_id = f"person{place}"
        missing = channels[:place]
        address = None if "email" in missing else f"{user_id}@example.com"
        await road.person(user_id, email=address, phone=f"+5093400001{place}")
        if "push" not in missing:
            await road.device(user_id)
        await road.choose(user_id, "category:news", "email", allowed=True)
        await road.publish(kind, user_id, data={**DATA, "order_id": user_id})

        await road.work()
        await road.work(30 * MINUTE)

        told = [each for each in await road.captures(None) if each.user_id == user_id]
        assert told[0].channel == channel


async def test_who_asked_for_whatsapp_gets_it_in_place_of_sms(road: Road) -> None:
    await road.person("ann", email=None, phone="+50934000011")
    await road.choose("ann", "category:orders", "whatsapp", allowed=True)
    await road.person("eve", email=None, phone="+50934000012")
    await road.publish("order.placed", "ann", "eve", data=DATA)

    await road.work()

    told = {each.user_id: each.channel for each in await road.captures(None)}
    assert told == {"ann": "whatsapp", "eve": "sms"}


async def test_news_are_for_who_asked_for_them(road: Road) -> None:
    await road.choose("fan", "category:news", "email", allowed=True)
    await road.choose("creator", "all", "email", allowed=True)
    published = await road.publish("platform.news", "fan", "creator", data=DATA)

    await road.work()

    (mail,) = await road.captures(None)
    assert mail.user_id == "fan"
    reasons = {each["reason"] for each in await road.decisions(published.notifications[1])}
    assert reasons == {"no_consent"}


async def test_news_that_are_scheduled_wait_for_their_time(road: Road) -> None:
    await two_people(road, "en")
    await road.publish("platform.news", "fan", data=DATA, not_before=road.clock.now() + 3_600_000)

    await road.work(3599)
    assert await road.captures(None) == []
    await road.work(1)
    assert len(await road.captures("email")) == 1


async def test_nobody_but_the_recipients_is_told(road: Road) -> None:
    await road.publish("order.placed", "fan", data=DATA)

    await road.work(3600)

    assert {each.user_id for each in await road.captures(None)} == {"fan"}
    assert {each.user_id for each in await road.notifications()} == {"fan"}


async def test_a_stranger_gets_nothing_and_the_reason_is_kept(road: Road) -> None:
    published = await road.publish("order.placed", "nobody", data=DATA)

    await road.work(3600)

    assert await road.captures(None) == []
    (decision,) = await road.decisions(published.notifications[0])
    assert (decision["verdict"], decision["reason"]) == ("skip", "unknown_person")


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_who_asked_for_it_is_also_told_of_unread_messages_by_sms_or_whatsapp(
    database_url: str, channel: str
) -> None:
    settings = make_settings(database_url, unread_push_seconds=10, unread_email_seconds=1800)
    async with open_road(settings) as road:
        await road.begin(phone="+50934000001")
        await road.choose("fan", "category:messages", channel, allowed=True)
        begin = road.clock.now()
        await road.write("Hello")

        for _ in range(40):
            await road.work(10)

        assert [(each.channel, each.at - begin) for each in await road.captures(None)] == [(channel, 300_000)]


@pytest.mark.parametrize("kind", ["message.unread", "message.digest"])
async def test_a_type_of_our_own_that_a_service_publishes_stops_nobody(road: Road, kind: str) -> None:
    await road.device("fan")
    await road.publish(kind, "fan", "creator")
    await road.publish("order.placed", "fan", data=DATA)
    await road.write()

    await road.work(60)
    await road.work(3600)

    assert len(await road.captures("push")) == 1
    subjects = {each.subject for each in await road.captures("email")}
    assert subjects == {"Your order is placed: “Vidéo”", "New message from Creator"}
    waiting = {"planned", "held", "ready", "sending", "retry_wait"}
    assert not waiting & {row.state for row in await road.rows()}
