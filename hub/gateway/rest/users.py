"""Users (service): profiles, erasure, export, the end of their sessions; and `me`."""

from hub.chat.users import Profile
from hub.clock import rfc3339
from hub.errors import RequestInvalid, UserNotFound
from hub.gateway import wire
from hub.gateway.bus import Disconnect
from hub.gateway.fields import is_user_id
from hub.gateway.rest.routes import Call, Reply, route
from hub.gateway.rooms import user_room


@route(
    "PUT",
    "/users/{user_id}",
    tag="users",
    body=wire.PutUser,
    answer=wire.UserData,
    roles=("service",),
    errors=(RequestInvalid,),
)
async def put_user(call: Call) -> Reply:
    """Creates or replaces a person's profile."""
    user_id = call.path["user_id"]
    if not is_user_id(user_id):
        raise RequestInvalid({"field": "user_id", "reason": "1-128 of A-Z a-z 0-9 _ . : @ -"})
    body: wire.PutUser = call.body
    profile = Profile(
        display_name=" ".join(body.display_name.split()) or user_id,
        roles=sorted(set(body.roles)),
        email=body.email,
        phone=body.phone,
        locale=body.locale,
        time_zone=body.time_zone,
        quiet_start=body.quiet_hours.start if body.quiet_hours else None,
        quiet_end=body.quiet_hours.end if body.quiet_hours else None,
    )
    return Reply(wire.UserData(await call.hub.users.save(user_id, profile)))


@route("GET", "/users/{user_id}", tag="users", answer=wire.UserData, roles=("service",), errors=(UserNotFound,))
async def get_user(call: Call) -> Reply:
    """A person's profile."""
    return Reply(wire.UserData(await call.hub.users.get(_user_id(call))))


@route("DELETE", "/users/{user_id}", tag="users", answer=wire.Deleted, roles=("service",), errors=(UserNotFound,))
async def erase_user(call: Call) -> Reply:
    """Erases a person: profile, contacts and the content of their messages."""
    await call.hub.users.erase(_user_id(call))
    return Reply(wire.Deleted(deleted=True))


@route("GET", "/users/{user_id}/export", tag="users", answer=wire.Export, roles=("service",), errors=(UserNotFound,))
async def export_user(call: Call) -> Reply:
    """All that the hub holds about a person."""
    return Reply(wire.Export(**await call.hub.users.export(_user_id(call))))


@route(
    "DELETE",
    "/users/{user_id}/sessions",
    tag="users",
    body=wire.DeleteSessions,
    answer=wire.Revoked,
    roles=("service", "admin"),
    errors=(UserNotFound,),
)
async def delete_sessions(call: Call) -> Reply:
    """Ends all sessions of a person and refuses the tokens that were issued before now."""
    user_id = _user_id(call)
    revoked_at = await call.hub.users.revoke_sessions(user_id)
    call.hub.bus.command(user_room(user_id), Disconnect(call.body.reason))
    return Reply(wire.Revoked(rfc3339(revoked_at)))


@route(
    "POST",
    "/users/{user_id}/disconnect",
    tag="users",
    body=wire.Empty,
    answer=wire.Disconnected,
    roles=("service", "admin"),
    errors=(UserNotFound,),
)
async def disconnect_user(call: Call) -> Reply:
    """Closes all sockets of a person, who may connect again."""
    call.hub.bus.command(user_room(_user_id(call)), Disconnect("disconnected"))
    return Reply(wire.Disconnected(disconnected=True))


@route("GET", "/me", tag="me", answer=wire.UserData)
async def get_me(call: Call) -> Reply:
    """The caller's own profile."""
    who = call.identity
    profile = await call.hub.users.known_or_new(
        who.user_id, name=who.name, locale=who.locale, tz=who.tz, issued_ms=who.issued_ms
    )
    return Reply(wire.UserData(profile))


def _user_id(call: Call) -> str:
    """The id in the path. Raises UserNotFound for what cannot be one."""
    user_id = call.path["user_id"]
    if not is_user_id(user_id):
        raise UserNotFound
    return user_id
