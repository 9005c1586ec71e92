"""What waits for a socket whose peer does not read: the most important first, of the rest only what is still true."""

from collections import OrderedDict, deque

from prometheus_client import Counter

from hub.gateway.frames import LATEST_ONLY, Frame, Priority

dropped = Counter("hub_frames_superseded_total", "Frames of low priority that a newer one replaced in a slow socket")


class Backlog:
    """The frames that a slow socket has not taken yet."""

    __slots__ = ("_latest", "_messages", "_money", "bytes")

    def __init__(self) -> None:
        self._money: deque[Frame] = deque()
        self._messages: deque[Frame] = deque()
        self._latest: dict[Priority, OrderedDict[str, Frame]] = {}
        """Of each low priority, in its order of importance: key -> the latest frame."""
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._money or self._messages or any(self._latest.values()))

    def put(self, frame: Frame) -> None:
        """Adds a frame; one of low priority takes the place of the last of its key."""
        self.bytes += len(frame.wire)
        if frame.priority is Priority.MONEY:
            self._put_money(frame)
        elif frame.priority < LATEST_ONLY or frame.key is None:
            self._messages.append(frame)
        else:
            self._put_latest(frame, frame.key)

    def _put_latest(self, frame: Frame, key: str) -> None:
        if not self._latest:
            self._latest = {each: OrderedDict() for each in Priority if each >= LATEST_ONLY}
        latest = self._latest[frame.priority]
        old = latest.get(key)
        if old is not None:
            self.bytes -= len(old.wire)
            dropped.inc()
        latest[key] = frame

    def _put_money(self, frame: Frame) -> None:
        """What is logged in a conversation must not overtake earlier entries of the same log: they go ahead with it."""
        if frame.rev is not None:
            before = [each for each in self._messages if each.rev is not None and each.key == frame.key]
            if before:
                self._money.extend(before)
                self._messages = deque(each for each in self._messages if each.rev is None or each.key != frame.key)
        self._money.append(frame)

    def take(self, most_bytes: int) -> list[Frame]:
        """The most important frames, at least one and beyond it no more than so many bytes."""
        taken: list[Frame] = []
        size = 0
        while (not taken or size < most_bytes) and (frame := self._next()) is not None:
            size += len(frame.wire)
            taken.append(frame)
        self.bytes -= size
        return taken

    def _next(self) -> Frame | None:
        if self._money:
            return self._money.popleft()
        if self._messages:
            return self._messages.popleft()
        for latest in self._latest.values():
            if latest:
                return latest.popitem(last=False)[1]
        return None
