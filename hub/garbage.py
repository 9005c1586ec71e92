"""Keeps the garbage collector from walking everything that lives for long again and again."""

import gc


def collect_seldom() -> None:
    """What exists now stays for good and is not looked at any more; new cycles are looked for seldom.

    Sessions and deliveries hold no cycles and go by their counts alone. With 10,000 sockets a full collection blocks
    the loop for a tenth of a second; without this, a worker spends a third of its time on collections.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
