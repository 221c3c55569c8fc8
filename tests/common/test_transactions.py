"""Transactions that meet conflicts, faults and each other."""

import logging
import threading
from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError
from django_mongodb_backend.transaction import on_commit
from pymongo.errors import OperationFailure

from accounts.models import User
from common.errors import Unavailable
from common.transactions import Contended, TransactionNotDone, driver_error, run_in_transaction

pytestmark = pytest.mark.django_db
WRITE_CONFLICT = 112
LOCK_TIMEOUT = 24
TRANSIENT = {"errorCode": WRITE_CONFLICT, "errorLabels": ["TransientTransactionError"]}


def store(name):
    return User.objects.create(email=f"{name}@example.com")


def stored():
    return {user.email.partition("@")[0] for user in User.objects.all()}


@pytest.fixture
def counted():
    """Return a function that stores a user and counts how often it was called."""

    class Counted:
        calls = 0

        def __call__(self):
            self.calls += 1
            return store("ada")

    return Counted()


def test_the_answer_is_passed_on():
    user = run_in_transaction(lambda: store("ada"))

    assert user == User.objects.get()


def test_an_error_rolls_everything_back():
    def fail():
        store("ada")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_in_transaction(fail)

    assert stored() == set()


@pytest.mark.parametrize("command", ["insert", "commitTransaction"])
def test_a_passing_error_is_tried_again(fail_point, counted, command):
    fail_point(command, times=2, **TRANSIENT)

    run_in_transaction(counted)

    assert counted.calls == 3
    assert stored() == {"ada"}


def test_a_connection_dropped_in_the_middle_is_tried_again(fail_point, counted):
    fail_point("insert", closeConnection=True)

    run_in_transaction(counted)

    assert counted.calls == 2
    assert stored() == {"ada"}


@pytest.mark.parametrize("drops", [1, 3])
def test_a_connection_dropped_at_commit_stores_the_change_once(fail_point, counted, drops):
    fail_point("commitTransaction", times=drops, closeConnection=True)

    run_in_transaction(counted)

    assert counted.calls == 1
    assert stored() == {"ada"}


def test_an_error_that_stays_is_not_tried_again(fail_point, counted):
    fail_point("insert", errorCode=13)

    with pytest.raises(DatabaseError) as raised:
        run_in_transaction(counted)

    assert counted.calls == 1
    assert driver_error(raised.value).code == 13


def test_a_commit_of_unknown_outcome_is_not_tried_again(fail_point, counted, monkeypatch):
    monkeypatch.setattr("common.mongodb.base.COMMIT_SECONDS", 0)
    fail_point("commitTransaction", times=2, closeConnection=True)

    with pytest.raises(OperationalError):
        run_in_transaction(counted)

    assert counted.calls == 1


def test_errors_that_the_backend_lets_through_are_tried_again():
    calls = []

    def fail_once():
        calls.append(1)
        if len(calls) == 1:
            raise OperationFailure(
                "a cursor broke", details={"errorLabels": ["TransientTransactionError"]}
            )
        return store("ada")

    run_in_transaction(fail_once)

    assert len(calls) == 2


def test_it_ends_after_the_given_attempts(fail_point, counted):
    fail_point("insert", times=99, **TRANSIENT)

    with pytest.raises(TransactionNotDone) as raised:
        run_in_transaction(counted, attempts=3)

    assert counted.calls == 3
    assert isinstance(raised.value, Unavailable)
    assert isinstance(raised.value, Contended)
    assert isinstance(raised.value.__cause__, DatabaseError)


def test_it_ends_at_the_deadline(fail_point, counted):
    fail_point("insert", times=99, **TRANSIENT)

    with pytest.raises(TransactionNotDone):
        run_in_transaction(counted, seconds=0)

    assert counted.calls == 1


@pytest.mark.parametrize(
    ("code", "level"), [(WRITE_CONFLICT, logging.DEBUG), (LOCK_TIMEOUT, logging.WARNING)]
)
def test_each_retry_is_logged_with_its_reason(fail_point, counted, caplog, code, level):
    fail_point("insert", times=2, **TRANSIENT | {"errorCode": code})

    with caplog.at_level(logging.DEBUG, "common.transactions"):
        run_in_transaction(counted)

    assert [
        (record.message, record.levelno, record.attempt, record.error_code)
        for record in caplog.records
    ] == [("transaction.retried", level, 1, code), ("transaction.retried", level, 2, code)]


def test_a_duplicate_rolls_back_and_is_not_tried_again(counted):
    store("ada")

    def double():
        store("bo")
        counted()

    with pytest.raises(IntegrityError):
        run_in_transaction(double)

    assert counted.calls == 1
    assert stored() == {"ada"}


def test_a_duplicate_that_is_swallowed_stores_nothing_and_ends():
    store("ada")

    def swallow():
        store("bo")
        with suppress(IntegrityError):
            store("ada")
        store("cy")

    with pytest.raises(TransactionNotDone):
        run_in_transaction(swallow, attempts=2)

    assert stored() == {"ada"}


def test_an_inner_call_becomes_part_of_the_outer():
    def outer():
        store("ada")
        run_in_transaction(lambda: store("bo"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_in_transaction(outer)

    assert stored() == set()


def test_only_the_outermost_call_tries_again(fail_point, counted):
    outer_calls = []

    def outer():
        outer_calls.append(1)
        run_in_transaction(counted)

    fail_point("insert", **TRANSIENT)
    run_in_transaction(outer)

    assert (len(outer_calls), counted.calls) == (2, 2)
    assert stored() == {"ada"}


def test_what_waits_for_the_commit_runs_once_however_often_it_was_tried(fail_point):
    calls = []

    def change():
        store("ada")
        on_commit(lambda: calls.append("done"))

    fail_point("commitTransaction", times=2, **TRANSIENT)
    run_in_transaction(change)

    assert calls == ["done"]


def test_a_passing_error_after_the_commit_does_not_store_the_change_twice(counted):
    def fail():
        raise DatabaseError from OperationFailure(
            "another transaction failed", details={"errorLabels": ["TransientTransactionError"]}
        )

    def change():
        counted()
        on_commit(fail)

    with pytest.raises(DatabaseError):
        run_in_transaction(change)

    assert counted.calls == 1
    assert stored() == {"ada"}


def test_changes_of_one_row_by_many_threads_all_count():
    store("ada")
    User.objects.update(locale="0")

    def add_one():
        user = User.objects.get()
        user.locale = str(int(user.locale) + 1)
        user.save()

    def add_many():
        for _ in range(25):
            run_in_transaction(add_one, attempts=100, seconds=60)

    together(add_many, threads=4)

    assert User.objects.get().locale == "100"


def test_two_threads_can_not_both_take_the_last_of_a_sum():
    for name, held in (("ada", "1"), ("bo", "1")):
        store(name)
        User.objects.filter(email=f"{name}@example.com").update(locale=held)
    guard = store("guard")

    def take(name):
        # The first write touches the row that both share; without it each would see the sum of 2.
        User.objects.filter(pk=guard.pk).update(time_zone=name)
        held = sum(int(user.locale) for user in User.objects.exclude(pk=guard.pk))
        if held >= 2:
            User.objects.filter(email=f"{name}@example.com").update(locale="-1")

    names = iter(["ada", "bo"])
    lock = threading.Lock()

    def take_next():
        with lock:
            name = next(names)
        run_in_transaction(lambda: take(name), attempts=100, seconds=60)

    together(take_next, threads=2)

    assert sorted(user.locale for user in User.objects.exclude(pk=guard.pk)) == ["-1", "1"]


def together(work, *, threads):
    """Run the same work in threads that start at once; pass their errors on."""
    barrier = threading.Barrier(threads)
    errors = []

    def run():
        barrier.wait()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the test
            errors.append(error)

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
