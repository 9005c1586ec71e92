"""What a notification was after has happened: the rungs that waited for it are not climbed."""

from tests.notifications.road import Road

MINUTE, HOUR = 60.0, 3600.0
ORDER = {"order_id": "A17", "title": "Video"}


async def channels(road: Road) -> list[str]:
    return [each.channel for each in await road.captures(None)]


async def test_a_reminder_goes_on_until_it_is_paid(road: Road) -> None:
    await road.device("fan")
    await road.publish("order.payment_due", "fan", data=ORDER)
    await road.work()
    assert await channels(road) == ["push"]

    await road.work(5 * MINUTE)

    assert await channels(road) == ["push", "email"]


async def test_who_has_paid_is_not_reminded(road: Road) -> None:
    await road.device("fan")
    await road.publish("order.payment_due", "fan", data=ORDER)
    await road.work()
    await road.publish("payment.settled", "fan", data={**ORDER, "amount": 5000, "currency": "USD"})

    await road.work(5 * MINUTE)

    assert ("cancelled", "paid", 0) in await road.deliveries()
    assert await channels(road) == ["push", "email"], "the e-mail is the receipt"


async def test_paying_for_another_order_changes_nothing(road: Road) -> None:
    await road.device("fan")
    await road.publish("order.payment_due", "fan", data=ORDER)
    await road.work()
    await road.publish("payment.settled", "fan", data={"order_id": "B2"})

    await road.work(5 * MINUTE)

    assert await channels(road) == ["push", "email", "email"]


async def test_who_has_answered_is_not_asked_again(road: Road) -> None:
    await road.device("fan")
    await road.publish("order.answer_due", "fan", data=ORDER, conversation_id=road.conversation_id)
    await road.work()
    await road.write("Blue, please", by="fan")

    await road.work(HOUR)

    assert ("cancelled", "replied", 0) in await road.deliveries()
    assert "email" not in [each.channel for each in await road.captures(None) if each.user_id == "fan"]


async def test_the_others_answer_is_none(road: Road) -> None:
    await road.device("fan")
    await road.publish("order.answer_due", "fan", data=ORDER, conversation_id=road.conversation_id)
    await road.work()
    await road.write("Which colour?", by="creator")

    await road.work(HOUR)

    subjects = [each.subject for each in await road.captures(None) if each.channel == "email"]
    assert any("waits for your answer" in subject for subject in subjects)
