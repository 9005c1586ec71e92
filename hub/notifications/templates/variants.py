"""Which of several variants a person gets: always the same one, and in total by weight."""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Protocol, TypeVar


class Weighted(Protocol):
    """Something with a share."""

    @property
    def weight(self) -> int:
        """Its share beside the others' weights; 0 is never chosen."""
        ...


Variant = TypeVar("Variant", bound=Weighted)


def choose(variants: Sequence[Variant], stable: str) -> Variant | None:
    """The variant of whoever `stable` names; None when none has a weight."""
    if len(variants) == 1:
        return variants[0] if variants[0].weight else None
    ends = list(accumulate(each.weight for each in variants))
    if not ends or not ends[-1]:
        return None
    place = int.from_bytes(blake2b(stable.encode(), digest_size=8).digest()) % ends[-1]
    return next(each for each, end in zip(variants, ends, strict=True) if place < end)
