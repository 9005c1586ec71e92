"""What a virtual user does with each event that it hears."""

from loadtests import answers
from loadtests.catching_up import CatchingUp
from loadtests.history import Place
from loadtests.sockets import Socket


class Hearing(CatchingUp):
    """Somebody who listens."""

    __slots__ = ()

    def _hear(self, text: bytes, at: float) -> None:
        if text.startswith(b'["message.new",'):
            if self._world.plant.done:
                self._new_message(text, at)
            else:
                self._spoilt(text, at)
        elif text.startswith(b'["typing",'):
            self._world.recorder.count("typing_heard")
        elif text.startswith(b'["receipt.updated",'):
            receipt = answers.receipt(text)[1]
            place = self.places.get(receipt.conversation_id)
            if place is not None:
                place.mark(receipt.user_id, receipt.delivered_seq, receipt.read_seq)
        elif text.startswith(b'["conversation.updated",'):
            self._badge(answers.badge(text)[1], at)
        elif text.startswith((b'["message.updated",', b'["message.deleted",')):
            self._skip(answers.new_message(text)[1], at)
        elif text.startswith((b'["conversation.resync"', b'["session.')):
            self._notice(text, at)

    def _new_message(self, text: bytes, at: float) -> None:
        event = answers.new_message(text)[1]
        place = self.places.get(event.conversation_id)
        if place is not None:
            self._judge(place, event.rev, at)
            self._take(place, event.rev, event.message, at)
            if place.held:
                self._gap(place, at)

    def _skip(self, event: answers.NewMessage, at: float) -> None:
        place = self.places.get(event.conversation_id)
        if place is not None:
            self._judge(place, event.rev, at)
            place.skip(event.rev)
            if place.behind:
                self._gap(place, at)

    def _badge(self, badge: answers.Badge, at: float) -> None:
        place = self.places.get(badge.conversation_id)
        if place is None:
            return
        if badge.unread is not None:
            place.unread = badge.unread
            place.log.rev = max(place.log.rev, badge.rev)
            if place.behind and place.log.id in self.opened:
                self._gap(place, at)
        else:
            self._judge(place, badge.rev, at)
            place.skip(badge.rev)

    def _judge(self, place: Place, rev: int, at: float) -> None:
        highest = place.session_rev
        odd = place.live(rev, at)
        if odd:
            host, port = self._world.addresses[self.node % len(self._world.addresses)]
            began = self._world.recorder.began
            age = f"{at - self._ready_at:.2f} s old" if self.up else "not ready yet"
            self._world.odd.append(
                f"{odd}: {self.user_id} on {host}:{port} was told rev {rev} of {place.log.id} after {highest}, "
                f"{at - began:.2f} s after the beginning, in a session that was {age}; it held up to {place.rev}"
            )

    def _spoilt(self, text: bytes, at: float) -> None:
        """Hears a message as the planted fault has it."""
        event = answers.new_message(text)[1]
        place = self.places.get(event.conversation_id)
        plant = self._world.plant
        if place is None or event.message.sender_id == self.user_id or place.held:
            self._new_message(text, at)
            return
        kept = plant.kept_for(place)
        if kept is not None and answers.new_message(kept)[1].rev <= place.rev:
            plant.forget()  # the client missed it and has asked for it: it would hear nothing out of order
        heard = plant.spoil(place, text)
        if not heard and plant.kind == "loss":  # the client believes that it has it, so nothing can heal it
            place.live(event.rev, at)
            place.skip(event.rev)
        for each in heard:
            self._new_message(each, at)

    def _notice(self, text: bytes, at: float) -> None:
        """What concerns the session rather than a conversation."""
        recorder = self._world.recorder
        if text.startswith(b'["session.ready",'):
            for conversation_id, count in answers.ready(text)[1].unread.conversations.items():
                if conversation_id in self.places:
                    self.places[conversation_id].unread = count
            self._greeted = True
            if self.socket is not None:
                self._begin()
        elif text.startswith(b'["conversation.resync"'):
            recorder.count("resyncs")
            concerned = answers.concerned(text)[1].conversation_id
            for place in [self.places[concerned]] if concerned in self.places else self.own:
                place.resync(at)
                place.since = place.since or at
                self._sync_after(place, self._world.chance.uniform(0, 0.1))
            self._refresh_soon()
        elif text.startswith(b'["session.closing",'):
            recorder.count(f"closed: {answers.closing(text)[1].reason}")
        elif text.startswith(b'["session.draining",'):
            self._leaving = True
            self._world.later(answers.draining(text)[1].reconnect_in_ms / 1000, self._move, self.socket)

    def _move(self, socket: Socket | None) -> None:
        """Leaves a node that is about to stop."""
        if socket is not None and socket is self.socket:
            self.node += 1
            self._come_back_ms = 0
            socket.close()
