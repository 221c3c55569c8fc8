"""Who leads, and for how long."""

from itertools import pairwise
from uuid import uuid4

import pytest

from common.leases import Lease
from common.redis import client


@pytest.fixture
def name():
    name = f"test:{{{uuid4().hex}}}"
    yield name
    client().delete(f"{name}:lease", f"{name}:fence")


@pytest.fixture
def contender(name):
    """Return a function that makes one of several processes."""

    def make(seconds=60.0):
        return Lease(client(), lease=f"{name}:lease", fence=f"{name}:fence", seconds=seconds)

    return make


def test_one_of_two_leads(contender):
    first, second = contender(), contender()

    assert first.hold() is not None
    assert second.hold() is None


def test_whoever_leads_keeps_leading_under_the_same_number(contender):
    leader = contender()

    assert leader.hold() == leader.hold()


def test_another_leads_once_the_lease_is_given_up(contender):
    first, second = contender(), contender()
    before = first.hold()

    first.release()
    after = second.hold()

    assert after > before
    assert first.hold() is None


def test_another_leads_once_the_lease_has_run_out(contender, name):
    dead, second = contender(), contender()
    dead.hold()

    client().pexpire(f"{name}:lease", 0)

    assert second.hold() is not None


def test_giving_up_what_another_holds_changes_nothing(contender):
    first, second = contender(), contender()
    first.hold()

    second.release()

    assert second.hold() is None


def test_the_lease_ends_by_itself(contender, name):
    contender(seconds=6).hold()

    assert 5_000 < client().pttl(f"{name}:lease") <= 6_000


def test_keeping_the_lease_makes_it_last_again(contender, name):
    leader = contender(seconds=60)
    leader.hold()
    client().pexpire(f"{name}:lease", 1_000)

    leader.hold()

    assert client().pttl(f"{name}:lease") > 50_000


def test_numbers_grow_even_when_redis_lost_its_data(contender, name):
    numbers = []
    for _ in range(5):
        leader = contender()
        numbers.append(leader.hold())
        leader.release()
    client().delete(f"{name}:fence")
    numbers.append(contender().hold())

    assert all(earlier < later for earlier, later in pairwise(numbers))
