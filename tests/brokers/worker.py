"""A worker process that syncs, made to be killed: `python -m tests.brokers.worker`.

Reads lines of a sync's id and by how many seconds its clock is ahead. Each sync runs in a child of
its own, whose number is printed when it begins and how it ended when it has.
"""

import os
import sys
import traceback
from datetime import timedelta

import django
from bson import ObjectId


def main() -> None:
    """Answer line after line."""
    # Nothing is connected before the children begin.
    django.setup()
    for line in sys.stdin:
        sync_id, ahead = line.split()
        child = os.fork()
        if child == 0:
            _sync(ObjectId(sync_id), timedelta(seconds=float(ahead)))
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _sync(sync_id: ObjectId, ahead: timedelta) -> None:
    from brokers.services import syncing
    from common import clock

    code = 1
    try:
        syncing.run(sync_id, clock=lambda: clock.now() + ahead)
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
