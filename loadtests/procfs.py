"""What the system says about a running process; None where it does not say it."""

import os
import sys
import time
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
CPU_CLOCK_OF_PROCESS = 2
"""CPUCLOCK_SCHED in Linux's include/linux/posix-timers.h."""


def cpu_seconds(pid: int) -> float | None:
    """User and system time that the process has used, to the nanosecond: /proc would say it in steps of 10 ms."""
    if sys.platform != "linux":
        return None
    try:
        # clock_getcpuclockid(3), which Python does not have: the clock of a process is made of its id.
        return time.clock_gettime((~pid << 3) | CPU_CLOCK_OF_PROCESS)
    except OSError:
        return None


def rss_bytes(pid: int) -> int | None:
    """Memory of the process that is in RAM (proc(5))."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return None
