"""What a person chose."""

from msgspec import UNSET

from hub.chat.users import known_time_zone
from hub.errors import RequestInvalid
from hub.gateway import wire_notifications as wire
from hub.gateway.rest.routes import Call, Reply, route
from hub.notifications.choices import Preferences, QuietTime, Wishes


@route("GET", "/me/preferences", tag="me", answer=Preferences)
async def get_preferences(call: Call) -> Reply:
    """By which channel the caller is told of what, when not, and in which language."""
    await _profile(call)
    return Reply(await call.hub.choices.of(call.identity.user_id))


@route("PUT", "/me/preferences", tag="me", body=wire.PutPreferences, answer=Preferences, errors=(RequestInvalid,))
async def put_preferences(call: Call) -> Reply:
    """Changes some of the caller's preferences, and answers all of them."""
    body: wire.PutPreferences = call.body
    if body.time_zone is not UNSET:
        known_time_zone(body.time_zone)
    settings: dict[tuple[str, str], bool | None] = {(each.scope, each.channel): each.allowed for each in body.settings}
    if len(settings) != len(body.settings):
        raise RequestInvalid({"field": "settings", "reason": "a scope and channel is given twice"})
    quiet = body.quiet_hours
    wishes = Wishes(
        locale=body.locale,
        time_zone=body.time_zone,
        quiet_hours=quiet if quiet is UNSET or quiet is None else QuietTime(quiet.start, quiet.end),
        settings=settings,
    )
    await _profile(call)
    return Reply(await call.hub.choices.change(call.identity.user_id, wishes))


async def _profile(call: Call) -> None:
    """Whoever has a valid token has a profile, made from it when there is none yet."""
    who = call.identity
    await call.hub.users.known_or_new(who.user_id, name=who.name, locale=who.locale, tz=who.tz, issued_ms=who.issued_ms)
