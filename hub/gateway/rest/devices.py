"""The caller's devices for Web Push."""

from hub.channels.vapid import public_key
from hub.errors import RequestInvalid
from hub.gateway import wire_notifications as wire
from hub.gateway.fields import is_uuid
from hub.gateway.rest.routes import Call, Reply, route
from hub.gateway.wire import Deleted
from hub.notifications.devices import Subscription

PATH = "/me/push-subscriptions"


@route("GET", "/push/key", tag="me", answer=wire.PushKey, public=True)
async def get_push_key(call: Call) -> Reply:
    """The key with which a browser subscribes."""
    private = call.hub.settings.vapid_private_key.get_secret_value()
    return Reply(wire.PushKey(public_key(private) if private else None))


@route("GET", PATH, tag="me", answer=wire.PushSubscriptions)
async def get_push_subscriptions(call: Call) -> Reply:
    """The caller's devices, newest first."""
    return Reply(wire.PushSubscriptions(await call.hub.devices.of(call.identity.user_id)))


@route(
    "POST",
    PATH,
    tag="me",
    body=wire.PostPushSubscription,
    answer=wire.PushSubscriptionData,
    errors=(RequestInvalid,),
    status=201,
)
async def post_push_subscription(call: Call) -> Reply:
    """Registers a browser; at most twenty for a person, then the one that was registered first goes."""
    body: wire.PostPushSubscription = call.body
    subscription = Subscription(endpoint=body.endpoint, p256dh=body.keys.p256dh, auth=body.keys.auth, label=body.label)
    device = await call.hub.devices.register(call.identity.user_id, subscription)
    return Reply(wire.PushSubscriptionData(device), status=201)


@route("DELETE", PATH, tag="me", body=wire.DeletePushSubscription, answer=Deleted)
async def delete_push_subscription(call: Call) -> Reply:
    """Forgets the browser with this endpoint, which has unsubscribed."""
    removed = await call.hub.devices.remove(call.identity.user_id, endpoint=call.body.endpoint)
    return Reply(Deleted(deleted=removed))


@route("DELETE", PATH + "/{device_id}", tag="me", answer=Deleted)
async def delete_device(call: Call) -> Reply:
    """Forgets one of the caller's devices."""
    device_id = call.path["device_id"]
    known = is_uuid(device_id) and await call.hub.devices.remove(call.identity.user_id, device_id=device_id)
    return Reply(Deleted(deleted=known))
