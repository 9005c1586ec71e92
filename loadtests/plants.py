"""Faults planted in what a client heard, to show that the checker finds them."""

from typing import Literal

Kind = Literal["loss", "duplicate", "reorder", "gap"]
KINDS: tuple[Kind, ...] = ("loss", "duplicate", "reorder", "gap")
AFTER = 20
"""Messages that are heard before the fault."""


class Plant:
    """Spoils one message on its way to one client.

    loss: the client believes that it has the message; duplicate: it hears it twice; reorder: it hears it after the
    next one. Each must turn the run red. gap: the message does not come, which a correct client heals: still green.
    """

    def __init__(self, kind: Kind | None) -> None:
        self.kind = kind
        self._left = AFTER
        self._kept: tuple[object, bytes] | None = None
        self.done = kind is None

    def spoil(self, who: object, text: bytes) -> list[bytes]:
        """What the client hears instead of `text`; for `loss`, ask `swallows` first."""
        if self._kept is not None:
            if self._kept[0] is not who:
                return [text]
            kept, self._kept, self.done = self._kept[1], None, True
            return [text, kept]
        self._left -= 1
        if self._left >= 0:
            return [text]
        if self.kind == "reorder":
            self._kept = (who, text)
            return []
        self.done = True
        return [text, text] if self.kind == "duplicate" else []

    def kept_for(self, who: object) -> bytes | None:
        """What `who` is still to hear after the next one."""
        return self._kept[1] if self._kept is not None and self._kept[0] is who else None

    def forget(self) -> None:
        """What is kept is not told any more, and another one takes its place."""
        self._kept = None
