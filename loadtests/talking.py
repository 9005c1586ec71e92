"""What a virtual user does by itself: writes, types and reads."""

import time
from functools import partial

from loadtests import answers
from loadtests.history import Place
from loadtests.person import Person
from loadtests.world import Outgoing


class Talking(Person):
    """Somebody who writes, and writes again under the same id what was not acknowledged."""

    __slots__ = ()

    def send(self, place: Place, due: float, event: str) -> None:
        """Sends a message that was due at this time; later, if there is no connection now."""
        away = self._away and not self.up
        outgoing = Outgoing(self._world.message_id(due, away=away), self, place, event, due, away)
        self._outbox[outgoing.message_id] = outgoing
        self._world.unacked[outgoing.message_id] = outgoing
        self._world.recorder.count("sent")
        if self.up and not self._leaving:
            self._send(outgoing)

    def send_again(self, outgoing: Outgoing) -> None:
        """Sends what has no ack yet, under the same id."""
        if outgoing.message_id in self._outbox and self.up and not self._leaving:
            self._send(outgoing)

    def _send(self, outgoing: Outgoing) -> None:
        outgoing.sent_at = time.perf_counter()
        unacked = self._world.unacked
        unacked[outgoing.message_id] = unacked.pop(outgoing.message_id)
        payload = {
            "conversation_id": outgoing.place.log.id,
            "client_message_id": outgoing.message_id,
            "body": self._world.body,
        }
        self._request(outgoing.event, payload, partial(self._acked, outgoing))

    def _acked(self, outgoing: Outgoing, text: bytes, at: float) -> None:
        if not text or outgoing.message_id not in self._outbox:
            return
        (ack,) = answers.send_ack(text)
        world = self._world
        if ack.data is None:
            self._count_error(outgoing.event, ack.error)
            if ack.error is not None and ack.error.retryable:
                world.later(self._wait(ack.error), self.send_again, outgoing)
                return
            world.recorder.count("refused")
        else:
            message, log = ack.data.message, outgoing.place.log
            log.acked[message.seq] = outgoing.message_id
            log.rev = max(log.rev, message.rev)
            world.recorder.count("acked")
            if ack.data.deduplicated:
                world.recorder.count("deduplicated")
            world.recorder.wait("catch_up" if outgoing.away else "ack", at - outgoing.due)
        del self._outbox[outgoing.message_id]
        world.unacked.pop(outgoing.message_id, None)

    def type_in(self, place: Place) -> None:
        """Shows that it types."""
        if self.up and self.socket is not None:
            self.socket.emit("typing.start", {"conversation_id": place.log.id})
            self._world.recorder.count("typing")

    def read(self, place: Place, due: float) -> None:
        """Reads everything that it holds."""
        if place.seqs:
            place.read_wish = max(place.read_wish, place.seqs[-1])
            self._send_read(place, due)

    def _send_read(self, place: Place, due: float) -> None:
        payload = {"conversation_id": place.log.id, "seq": place.read_wish}
        self._request("message.read", payload, partial(self._read, place, due))

    def _read(self, place: Place, due: float, text: bytes, at: float) -> None:
        if not text:
            return
        (ack,) = answers.read_ack(text)
        if ack.data is None:
            self._count_error("message.read", ack.error)
            if ack.error is not None and ack.error.retryable:
                self._world.later(self._wait(ack.error), self._read_again, place, due)
            return
        self._world.recorder.count("read")
        self._world.recorder.wait("read", at - due)
        place.mark(self.user_id, ack.data.delivered_seq, ack.data.read_seq)
        place.unread = ack.data.unread

    def _read_again(self, place: Place, due: float) -> None:
        if self.up and place.read_wish > self._read_by_me(place):
            self._send_read(place, due)
