"""Ends child processes whose parent is gone, however it went; runs as a process of its own.

The parent holds the other end of standard input and writes one line per child, `+<pid>` when it
begins and `-<pid>` when it has ended. The kernel closes that pipe when the parent dies, even by
`kill -9`; what is still listed then is asked to stop, and made to after a grace period. A pipe
serves where Linux's parent-death signal does not: it works on every Unix, doesn't fire when the
thread that started the child ends, and reaches a child's own children through its process group.

Standard library only: this file is run by its path, without the project.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 15.0


def listed(lines: list[str]) -> list[int]:
    """Return the process groups that have begun and not ended, newest first."""
    groups: dict[int, None] = {}
    for line in lines:
        with contextlib.suppress(ValueError):
            if line.startswith("+"):
                groups[int(line[1:])] = None
            elif line.startswith("-"):
                groups.pop(int(line[1:]), None)
    return list(reversed(groups))


def is_group_alive(group: int) -> bool:
    """Tell whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(groups: list[int], *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask each group's leader to stop, and kill what is left of the groups after the grace."""
    for group in groups:
        # Only the leader: a worker's pool processes would drop their task on this signal.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while any(map(is_group_alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Listen until the parent is gone, then end its children."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(listed(sys.stdin.readlines()))


if __name__ == "__main__":
    main()
