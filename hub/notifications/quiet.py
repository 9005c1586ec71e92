"""Quiet hours: until when a person is not to be disturbed, by the clocks of where they live."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def quiet_until(now: int, zone: str, start: str | None, end: str | None) -> int | None:
    """When (ms) the quiet hours that hold at `now` (ms) end; None when none hold.

    `start` and `end` are `HH:MM` of the zone's clocks; a window may pass midnight. Both equal means no quiet hours.
    Where the clocks are put forward over `end`, the window ends as they are; where they are put back, it goes on until
    they show `end` again, if they show quiet hours now.
    """
    if start is None or end is None or start == end:
        return None
    place = ZoneInfo(zone)
    begins, ends = _time(start), _time(end)
    until = now
    while _holds(until, place, begins, ends):  # where a whole day was skipped (Samoa, 2011), its end was too
        until = _next(until, ends, place)
    return until if until > now else None


def _holds(now: int, place: ZoneInfo, begins: time, ends: time) -> bool:
    clock = _local(now, place).time()
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def _local(now: int, place: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(place)


def _next(now: int, clock: time, place: ZoneInfo) -> int:
    local = _local(now, place)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        for fold in (0, 1):
            moment = datetime.combine(day, clock, place).replace(fold=fold)
            found = _first_valid(moment)
            if found > now:
                return found
    raise AssertionError("clocks show every time within three days")


def _first_valid(moment: datetime) -> int:
    """`moment` in ms; of a time that the clocks leap over, the moment of the leap."""
    utc = moment.astimezone(UTC)
    back = utc.astimezone(moment.tzinfo)
    if back.replace(tzinfo=None, fold=0) == moment.replace(tzinfo=None, fold=0):
        return _ms(utc)
    # With fold=0 the offset of before the leap was used, so that the clocks show `leap` more than was asked for.
    before = moment.replace(fold=0).utcoffset() or timedelta()
    after = moment.replace(fold=1).utcoffset() or timedelta()
    leap = after - before
    # The leap itself: bisect the hour around it, by minutes.
    low, high = utc - leap - timedelta(hours=1), utc + timedelta(hours=1)
    while high - low > timedelta(minutes=1):
        middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
        shifted = middle.astimezone(moment.tzinfo).utcoffset() == before
        low, high = (middle, high) if shifted else (low, middle)
    return _ms(high)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=2_000)
def _time(text: str) -> time:
    return time.fromisoformat(text)
