"""Frames that are no requests: a clean close with a reason, and nobody else notices."""

import json

import aiohttp

from tests.gateway.neighbours import Neighbours
from tests.logs import Logs
from tests.rawsocket import RawSocket
from tests.running import RunningHub

CLEAN = {1000, 1002, 1003, 1007, 1008, 1009, 4002}
"""RFC 6455, 7.4.1: closes that were meant; 1006 and 1011 were not."""

PROTOCOL_ERRORS: dict[str, list[str | bytes]] = {
    "packet of no type": ["4x"],
    "packet of type 9": ["49[]"],
    "truncated JSON": ['42["time.get"'],
    "no JSON": ["42[time.get]"],
    "JSON twice": ['42["time.get"]["time.get"]'],
    "NaN": ['421["time.get",NaN]'],
    "lone surrogate": ['421["message.send",{"body":"\\ud800"}]'],
    "array for a packet": ["4[1,2]"],
    "object for a packet": ['4{"a":1}'],
    "ten thousand brackets": ["421" + "[" * 10_000 + "]" * 10_000],
    "ten thousand objects": ['421["time.get",' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "]"],
    "an ack id of a hundred digits": ["42" + "9" * 101 + '["time.get"]'],
    "a forged connect_error": ['44{"message":"x"}'],
    "a second CONNECT": ['40{"token":"x"}'],
    "binary garbage": [b"\x00\xff\xfe garbage"],
    "a binary attachment to nothing": [b"4"],
    "too many attachments": ['451234567890123-["time.get"]'],
    "an attachment that is not there": ['451-["time.get",{"_placeholder":true,"num":7}]', b"x"],
    "an attachment of text": ['451-["time.get",{"_placeholder":true,"num":"x"}]', b"x"],
    "no attachments, then one": ['450-["time.get"]', b"x"],
}


async def test_what_is_no_packet_closes_the_connection_with_a_reason(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    wrong = {}
    for name, frames in PROTOCOL_ERRORS.items():
        async with RawSocket(edge.base, of.token) as socket:
            for frame in frames:
                await (socket.say(frame) if isinstance(frame, str) else socket.say_bytes(frame))
            code, reasons = await socket.closed(), socket.named("session.closing")
            if code not in CLEAN or reasons != [{"reason": "protocol_error", "reconnect": True}]:
                wrong[name] = (code, reasons)
    assert wrong == {}
    await of.live_on()


async def test_what_is_no_engine_packet_closes_the_connection(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    for frame in ("", "x", "garbage", "b!!!", "9", "\x00", "²", "🙂", "{}"):
        async with RawSocket(edge.base, of.token) as socket:
            await socket.say(frame)
            assert await socket.closed() == 1002, frame
    await of.live_on()


async def test_a_frame_over_the_limit_closes_with_1009(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    for frame in ("42" + "x" * 100_000, '421["message.send",{"body":"' + "x" * 1_000_000 + '"}]'):
        async with RawSocket(edge.base, of.token) as socket:
            await socket.say(frame)
            assert await socket.closed() == 1009
    async with RawSocket(edge.base, of.token) as socket:
        await socket.say_bytes(b"x" * 200_000)
        assert await socket.closed() == 1009
    await of.live_on()


async def test_text_that_is_not_utf8_closes_with_1007(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        await socket.socket.send_frame(b'421["time.get",{"x":"\xed\xa0\x80"}]', aiohttp.WSMsgType.TEXT)
        assert await socket.closed() == 1007
    await of.live_on()


async def test_a_frame_of_nearly_the_limit_is_read(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        answer = await socket.ask("message.send", of.send(body="x" * 99_700))
        assert answer["error"]["details"] == {"field": "body", "limit": 8192, "size": 99_700}
        assert (await socket.ask("x" * 99_000))["error"]["code"] == "request.invalid"


async def test_a_binary_event_is_refused_like_any_wrong_type(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        wish = of.send(body={"_placeholder": True, "num": 0})
        await socket.say("451-7" + json.dumps(["message.send", wish]))
        await socket.say_bytes(b"hello")
        ((number, answer),) = await socket.acks(1)
        assert (number, answer["error"]["code"]) == (7, "request.invalid")
        assert (await socket.ask("time.get"))["success"]
    await of.live_on()


async def test_packets_that_mean_nothing_here_are_passed_over(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        for frame in ("3", "3probe", "2", "2probe", "5", "6", '0{"sid":"x"}', "43[]", '4399["x"]', "461-7[]"):
            await socket.say(frame)
        await socket.say_bytes(b"the attachment of the last")
        assert (await socket.ask("time.get"))["success"]
    await of.live_on()


async def test_nothing_is_answered_before_connect(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    for frame in ('42["time.get"]', '421["time.get"]', '451-["x"]', "garbage", "44"):
        async with RawSocket(edge.base) as socket:
            await socket.say(frame)
            assert await socket.closed() in CLEAN, frame
            assert not any(each.startswith("43") for each in socket.frames)
    for frame in ("41", "43[]"):  # nothing to end, nothing to acknowledge
        async with RawSocket(edge.base) as socket:
            await socket.say(frame)
            await socket.say("40" + json.dumps({"token": of.token}))
            await socket.event("session.ready")
    await of.live_on()


async def test_an_unknown_namespace_is_refused_and_the_session_goes_on(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        for namespace in ("/admin", "/admin?x=1", "/" + "x" * 1000):
            await socket.say(f"40{namespace},{{}}")
            refusal = await socket.frame("44")
            assert json.loads(refusal.partition(",")[2]) == {"message": "Invalid namespace"}
        assert (await socket.ask("time.get"))["success"]


async def test_leaving_an_unknown_namespace_does_not_end_the_session(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        await socket.say("41/admin,")
        assert (await socket.ask("message.send", of.send()))["success"]


async def test_after_disconnect_the_same_connection_may_connect_again(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        await socket.say("41")
        await socket.say("40" + json.dumps({"token": of.token}))
        await socket.event("session.ready")
        assert (await socket.ask("message.send", of.send()))["success"]


async def test_an_old_protocol_is_refused(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    bad = ("?EIO=3&transport=websocket", "?EIO=3&transport=polling", "?transport=polling", "?EIO=4&transport=carrier")
    async with aiohttp.ClientSession() as http:
        for query in (*bad, "?EIO=4&transport=websocket", "?EIO=4&transport=polling&sid=none"):
            async with http.get(f"{edge.base}/socket.io/{query}") as response:
                assert response.status == 400, query
        async with http.delete(f"{edge.base}/socket.io/?EIO=4&transport=polling") as response:
            assert response.status == 400
    await of.live_on()


async def test_a_clients_mistake_is_not_logged_as_an_error_of_ours(edge: RunningHub, quiet_logs: Logs) -> None:
    async with aiohttp.ClientSession() as http:
        for query in ("?EIO=3&transport=polling", "?EIO=4&transport=polling&sid=none", "?EIO=4&transport=carrier"):
            async with http.get(f"{edge.base}/socket.io/{query}") as response:
                assert response.status == 400, query

    assert quiet_logs.blamed_on_us() == []
