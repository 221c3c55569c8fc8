"""The connection: commits and rolls back without ever leaving a dead session behind."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from django.db import OperationalError
from django.db.backends.utils import debug_transaction  # type: ignore[attr-defined]
from django.utils.asyncio import async_unsafe
from django_mongodb_backend import base
from pymongo.errors import PyMongoError

from common.mongodb.operations import DatabaseOperations
from common.mongodb.schema import DatabaseSchemaEditor

#: For how long a commit whose outcome is unknown is asked for again.
COMMIT_SECONDS = 10.0
_PAUSE_SECONDS = 0.05
#: The server ran into a time limit that we set; asking again would run into it again.
_MAX_TIME_EXPIRED = 50


class DatabaseWrapper(base.DatabaseWrapper):
    """django-mongodb-backend's connection with our operations, schema editor and transactions.

    Upstream lets a driver's error at commit through while its session stays on the connection.
    From then on no `atomic()` block of that thread starts a transaction any more: each write is
    one of its own, and a rollback undoes nothing. Here the session ends, whatever happens.
    """

    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    session: Any

    @async_unsafe
    def commit_mongo(self) -> None:
        """Commit, then run what waited for it.

        Raises:
            OperationalError: the transaction isn't known to be stored; the driver's error, with
                its labels, is the cause.
        """
        if self.session:
            is_committed = False
            try:
                with debug_transaction(self, "session.commit_transaction()"):
                    self._commit_until_known()
                is_committed = True
            except PyMongoError as error:
                raise OperationalError(f"The commit failed: {error}") from error
            finally:
                # In a finally, because a worker's time limit may strike here as well.
                self._end_session()
                if not is_committed:
                    self.run_on_commit = []
        self.run_and_clear_commit_hooks()

    @async_unsafe
    def rollback_mongo(self) -> None:
        """Undo what the transaction wrote, and forget what waited for its commit."""
        self.run_on_commit = []
        if not self.session:
            return
        try:
            if self.session.in_transaction:
                # The server undoes it by itself when it can't be told to.
                with (
                    contextlib.suppress(PyMongoError),
                    debug_transaction(self, "session.abort_transaction()"),
                ):
                    self.session.abort_transaction()
        finally:
            self._end_session()

    def _commit_until_known(self) -> None:
        """Commit, asking again while the outcome is unknown: the server commits only once."""
        deadline = time.monotonic() + COMMIT_SECONDS
        while True:
            try:
                self.session.commit_transaction()
            except PyMongoError as error:
                if (
                    not error.has_error_label("UnknownTransactionCommitResult")
                    or getattr(error, "code", None) == _MAX_TIME_EXPIRED
                    or time.monotonic() >= deadline
                ):
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def _end_session(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.end_session()
