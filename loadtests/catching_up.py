"""How a virtual user comes to hold everything: takes changes in by `rev`, and asks for what is missing."""

import time
from functools import partial

from loadtests import answers
from loadtests.history import Place
from loadtests.person import RETRY_SECONDS, Person
from loadtests.sockets import Socket, SocketFailed
from loadtests.world import due_of

GAP_PAUSE = (0.03, 0.1)
"""What jumped ahead may still be followed by what is missing; then the client asks."""


class CatchingUp(Person):
    """Somebody who misses nothing for long."""

    __slots__ = ()

    def ask_everything(self) -> list[Place]:
        """At the end: asks for what it was never told of. Gives the places where something was missing."""
        missing = [place for place in self.places.values() if place.behind or place.held]
        for place in missing:
            place.syncing = False
            self._sync_after(place, 0.0)
        return missing

    def _take(self, place: Place, rev: int, message: answers.Message, at: float) -> None:
        mine = message.sender_id == self.user_id
        due = 0.0 if mine else due_of(message.client_message_id)
        taken = place.take(rev, message.seq, message.client_message_id, due)
        recorder = self._world.recorder
        recorder.count("received", len(taken))
        for _, each in taken:
            if each:
                excused = self._away_from - 1 <= abs(each) < self._ready_at
                recorder.arrived(each, at, self._ready_at, excused=excused)
        if taken and not mine and not place.pooled and not place.log.live:
            place.pooled = True
            self._world.unread.append((self, place))

    def _gap(self, place: Place, at: float) -> None:
        place.since = place.since or at
        self._sync_after(place, self._world.chance.uniform(*GAP_PAUSE))

    def _sync_after(self, place: Place, seconds: float) -> None:
        if not place.syncing:
            place.syncing = True
            self._world.later(seconds, self._sync, self.socket, place)

    def _sync(self, socket: Socket | None, place: Place) -> None:
        if socket is None or socket is not self.socket:
            return  # the next session resumes
        cursors = [{"conversation_id": place.log.id, "rev": place.rev}]
        self._request("conversation.sync", {"cursors": cursors}, partial(self._synced, socket, place))

    def _synced(self, socket: Socket, place: Place, text: bytes, at: float) -> None:
        if not text or socket is not self.socket:
            return
        (ack,) = answers.sync_ack(text)
        if ack.data is None:
            self._count_error("conversation.sync", ack.error)
            self._world.later(self._wait(ack.error), self._sync, socket, place)
            return
        self._world.recorder.count("synced")
        result = ack.data.results[0]
        if result.reset:
            self._world.spawn(self._reset(socket, place, result))
            return
        for change in result.changes:
            if change.type == "message.new" and change.message is not None:
                self._take(place, change.rev, change.message, at)
            else:
                place.skip(change.rev)
        if result.more:
            self._sync(socket, place)
        else:
            self._healed(place)

    def _healed(self, place: Place) -> None:
        place.syncing = False
        if place.held:
            self._sync_after(place, RETRY_SECONDS)
        elif place.since:
            self._world.recorder.wait("heal", time.perf_counter() - place.since)
            place.since = 0.0

    async def _reset(self, socket: Socket, place: Place, result: answers.Result) -> None:
        """Takes a snapshot, and fetches what lies between it and what is held."""
        assert result.snapshot is not None  # noqa: S101  (a reset has one)
        self._world.recorder.count("resets")
        found = {message.seq: message for message in result.snapshot.messages}
        newest = place.seqs[-1] if place.seqs else place.first_seq - 1
        try:
            while found and min(found) > newest + 1:
                asked = {"conversation_id": place.log.id, "before_seq": min(found), "limit": 100}
                (ack,) = answers.history_ack((await socket.ask("conversation.history", asked)).text)
                if ack.data is None or not ack.data.messages:
                    break
                found.update((message.seq, message) for message in ack.data.messages)
        except (SocketFailed, TimeoutError):
            return  # the next session asks again
        at = time.perf_counter()
        for seq in sorted(seq for seq in found if seq > newest):
            place.rev = found[seq].rev - 1
            self._take(place, found[seq].rev, found[seq], at)
        place.rev = max(place.rev, result.head.rev)
        self._healed(place)

    def _refresh_soon(self) -> None:
        if not self._refreshing:
            self._refreshing = True
            self._world.later(RETRY_SECONDS, self._refresh, self.socket)

    def _refresh(self, socket: Socket | None) -> None:
        self._refreshing = False
        if socket is not None and socket is self.socket:
            self._request("conversation.list", {"limit": 100}, partial(self._refreshed, socket))

    def _refreshed(self, socket: Socket, text: bytes, _at: float) -> None:
        if not text or socket is not self.socket:
            return
        (ack,) = answers.list_ack(text)
        if ack.data is None:
            self._refresh_soon()
        else:
            self._take_page(ack.data)

    def _take_page(self, page: answers.Page) -> None:
        for listed in page.conversations:
            place = self.places.get(listed.id)
            if place is not None:
                place.log.rev = max(place.log.rev, listed.head.rev)
                self._take_list(place, listed)
                if self.up and place.behind:
                    self._gap(place, time.perf_counter())

    @staticmethod
    def _take_list(place: Place, listed: answers.Listed) -> None:
        place.unread = listed.unread
        for member in listed.members:
            place.mark(member.user_id, member.delivered_seq, member.read_seq)
