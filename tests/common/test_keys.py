"""The keys in Redis."""

from __future__ import annotations

import re

from common import keys


def test_every_key_is_versioned_and_listed():
    named = {each for each in vars(keys).values() if isinstance(each, keys.Key)}

    assert named == set(keys.ALL)
    assert all(re.match(r"livefolio:[1-9]\d*:", each.pattern) for each in keys.ALL)


def test_every_key_expires_save_the_counts_of_leaders():
    lasting = {each for each in keys.ALL if not each.ttl_seconds}

    assert lasting == {keys.FEED_FENCE, keys.BEAT_FENCE}


def test_what_one_script_touches_lies_together():
    names = [keys.QUOTE.of("1"), keys.FEED_FENCE.of(), keys.FEED_LEASE.of()]

    assert {name.partition("{")[2].partition("}")[0] for name in names} == {"market"}
