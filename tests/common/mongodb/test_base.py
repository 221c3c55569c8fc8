"""Commits that fail, and what the connection is like afterwards."""

import pytest
from django.db import OperationalError, connection, connections
from django_mongodb_backend import transaction
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure, PyMongoError

from accounts.models import User

WRITE_CONFLICT = 112


class TimeLimit(BaseException):
    """What stops a worker's task from outside."""


def store(*names, using="default", then=None, fail_with=None):
    """Store users in one transaction, which may be told to fail before its end."""
    with transaction.atomic(using):  # noqa: TID251 - what lies below the retries
        for name in names:
            User.objects.using(using).create(email=f"{name}@example.com")
        if then is not None:
            connections[using].on_commit(then)
        if fail_with is not None:
            raise fail_with


def stored():
    return {user.email.partition("@")[0] for user in User.objects.all()}


def test_a_failed_commit_is_an_operational_error_with_its_cause(fail_point):
    fail_point(
        "commitTransaction", errorCode=WRITE_CONFLICT, errorLabels=["TransientTransactionError"]
    )

    with pytest.raises(OperationalError) as raised:
        store("ada")

    assert isinstance(raised.value.__cause__, OperationFailure)
    assert raised.value.__cause__.has_error_label("TransientTransactionError")
    assert stored() == set()


def test_after_a_failed_commit_transactions_commit_and_roll_back_again(fail_point):
    fail_point("commitTransaction", errorCode=WRITE_CONFLICT)
    with pytest.raises(OperationalError):
        store("ada")

    store("bo")
    with pytest.raises(ZeroDivisionError):
        store("cy", fail_with=ZeroDivisionError)

    assert stored() == {"bo"}
    assert connection.session is None


def test_a_failed_commit_forgets_what_waited_for_it(fail_point):
    calls = []
    fail_point("commitTransaction", errorCode=WRITE_CONFLICT)

    with pytest.raises(OperationalError):
        store("ada", then=lambda: calls.append("ada"))
    store("bo", then=lambda: calls.append("bo"))

    assert calls == ["bo"]


@pytest.mark.parametrize("drops", [1, 2, 4])
def test_connections_dropped_at_commit_store_the_change_once(fail_point, drops):
    fail_point("commitTransaction", times=drops, closeConnection=True)

    store("ada")

    assert stored() == {"ada"}
    assert connection.session is None


def test_a_commit_that_was_stored_but_not_yet_replicated_is_no_failure(fail_point):
    # The server stores the change and says that it stops before the others have it.
    fail_point(
        "commitTransaction",
        writeConcernError={"code": 91, "errmsg": "Replication is being shut down"},
    )

    store("ada")

    assert stored() == {"ada"}


def test_an_outcome_that_stays_unknown_is_reported_in_the_end(fail_point, monkeypatch):
    monkeypatch.setattr("common.mongodb.base.COMMIT_SECONDS", 0)
    fail_point("commitTransaction", times=2, closeConnection=True)

    with pytest.raises(OperationalError) as raised:
        store("ada")

    assert raised.value.__cause__.has_error_label("UnknownTransactionCommitResult")
    assert connection.session is None


def test_a_rollback_that_the_server_does_not_hear_of_leaves_nothing(fail_point):
    fail_point("abortTransaction", times=2, closeConnection=True)

    with pytest.raises(ZeroDivisionError):
        store("ada", fail_with=ZeroDivisionError)
    store("bo")

    assert stored() == {"bo"}


def test_a_commit_stopped_from_outside_leaves_no_session(db, monkeypatch):
    def stop(self):
        raise TimeLimit

    with monkeypatch.context() as patched:
        patched.setattr(ClientSession, "commit_transaction", stop)
        with pytest.raises(TimeLimit):
            store("ada")

    assert connection.session is None
    assert stored() == set()


def test_what_a_commit_releases_may_start_transactions_of_its_own(db):
    store("ada", then=lambda: store("bo"))

    assert stored() == {"ada", "bo"}


def test_the_stock_backend_still_keeps_a_dead_session(fail_point, stock):
    fail_point("commitTransaction", errorCode=WRITE_CONFLICT)

    with pytest.raises(PyMongoError):
        store("ada", using="stock")

    is_dead = connections["stock"].session is not None
    assert is_dead, "upstream has fixed this: drop the overrides of commit and rollback"
