"""How far jobs are and how much waits in the inbox, told to those who may not have heard it."""

from __future__ import annotations

import asyncio
from typing import cast

from realtime import admission, protocol
from realtime.admission import in_database
from realtime.connection import Connection
from realtime.crowd import Crowd
from realtime.protocol import JobFields


class CatchUp:
    """Looks up the jobs and the inboxes that connections watch, and tells each how they stand.

    What happens afterwards is news, and comes over the channel layer.
    """

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._asked: dict[Connection, None] = {}
        self._has_work = asyncio.Event()

    def ask(self, connection: Connection) -> None:
        """Have a connection told soon, once however often it is asked for."""
        if connection.jobs or connection.watches_inbox:
            self._asked[connection] = None
            self._has_work.set()

    async def work(self) -> None:
        """Tell those that are asked for, one after the other, for ever."""
        while True:
            while self._asked:
                connection = next(iter(self._asked))
                # Taken off before it is looked up: who asks meanwhile wants to know what is later.
                del self._asked[connection]
                try:
                    await self._tell(connection)
                except Exception:
                    self.ask(connection)
                    raise
            self._has_work.clear()
            await self._has_work.wait()

    async def _tell(self, connection: Connection) -> None:
        user_id = connection.credential.user_id
        if connection.jobs:
            jobs = await in_database(admission.jobs_of, user_id, connection.jobs)
            if connection in self._crowd:
                for job in jobs:
                    text = protocol.encode(cast(JobFields, job))
                    connection.push(protocol.job_frame(job=text))
        if connection.watches_inbox:
            unread = await in_database(admission.unread_of, user_id)
            if connection in self._crowd:
                connection.push(protocol.inbox_frame(unread=unread))
