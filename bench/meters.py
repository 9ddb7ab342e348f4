"""What processes cost, in the kernel's own account (Linux: proc(5), and Documentation/scheduler/sched-stats)."""

import os
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
TICKS_OF_SECOND: Final = os.sysconf("SC_CLK_TCK")
AFTER_NAME: Final = 2
"""The fields of stat(5) are counted from here once the name in brackets, which may hold anything, is cut off."""

PARENT: Final = 4 - AFTER_NAME - 1
REAPED: Final = slice(16 - AFTER_NAME - 1, 18 - AFTER_NAME - 1)
IDLE: Final = slice(3, 5)
GUEST: Final = 8
"""From here on /proc/stat counts guests, which it has counted as user time already."""


def _fields(pid: int) -> list[str]:
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """A process and all that descend from it, as far as they live."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_fields(int(entry.name))[PARENT])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = [root]
    for pid in found:  # grows while it is gone through
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of a process, its threads and its descendants, those that have ended and were waited for included.

    Threads that live are counted by the nanosecond; a thread that has ended beside others that live is not counted.
    """
    nanoseconds, ticks = 0, 0
    for pid in tree(root):
        try:
            for thread in (PROC / str(pid) / "task").iterdir():
                nanoseconds += int((thread / "schedstat").read_text().split()[0])
            ticks += sum(int(field) for field in _fields(pid)[REAPED])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return nanoseconds / 1e9 + ticks / TICKS_OF_SECOND


def resident_bytes(root: int) -> int:
    """Memory of a process and its descendants that is in RAM (VmRSS of proc(5)); what they share is counted for each of them."""
    kilobytes = 0
    for pid in tree(root):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                kilobytes += int(line.split()[1])
    return kilobytes * 1024


def machine_seconds() -> float:
    """CPU time that the whole machine was busy, whoever with."""
    fields = [int(field) for field in (PROC / "stat").read_text().splitlines()[0].split()[1:]]
    return (sum(fields[:GUEST]) - sum(fields[IDLE])) / TICKS_OF_SECOND
