"""A worker process that syncs, made to be killed: `python -m tests.brokers.worker`.

Reads lines of a sync's id, by how many seconds its clock is ahead, and after how many it is killed,
or none. Each sync runs in a child of its own, and how that ended is printed. With `storm` as its
argument nobody waits between two tries.
"""

import os
import signal
import sys
import time
import traceback
from contextlib import nullcontext
from datetime import timedelta

import django
from bson import ObjectId


def main() -> None:
    """Answer line after line."""
    # Nothing is connected before the children begin.
    django.setup()
    for line in sys.stdin:
        sync_id, ahead, killed_after = line.split()
        child = os.fork()
        if child == 0:
            _sync(ObjectId(sync_id), timedelta(seconds=float(ahead)))
        if killed_after != "none":
            time.sleep(float(killed_after))
            # Also where it has ended: until it is waited for its number is nobody else's.
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _sync(sync_id: ObjectId, ahead: timedelta) -> None:
    from brokers.services import syncing
    from common import clock
    from tests.brokers.storms import short_ways

    code = 1
    try:
        with short_ways() if "storm" in sys.argv else nullcontext():
            syncing.run(sync_id, clock=lambda: clock.now() + ahead)
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
