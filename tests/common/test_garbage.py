"""The search for cycles rests during a block, and goes on as before after it."""

import gc

import pytest

from common.garbage import no_search_for_cycles


def test_the_search_rests_and_goes_on_also_after_a_failure():
    with no_search_for_cycles():
        rested = not gc.isenabled()

    def fail():
        with no_search_for_cycles():
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert rested
    assert gc.isenabled()


def test_what_was_off_stays_off():
    gc.disable()
    try:
        with no_search_for_cycles():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
