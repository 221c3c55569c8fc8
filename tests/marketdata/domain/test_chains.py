"""The sources that staff choose for an instrument, as they write them."""

import pytest

from marketdata.domain.chains import ChainRefused, read_chain, restored, stored, written
from marketdata.domain.sources import Need

KNOWN = ["alpaca", "binance"]


@pytest.mark.parametrize(
    ("text", "chain", "rewritten"),
    [
        ("", None, ""),
        ("  ", None, ""),
        ("alpaca", ("alpaca",), "alpaca"),
        ("Binance,alpaca", ("binance", "alpaca"), "binance, alpaca"),
        ("binance  alpaca", ("binance", "alpaca"), "binance, alpaca"),
        ("none", (), "none"),
    ],
)
def test_a_chain_is_read_and_written(text, chain, rewritten):
    assert read_chain(text, known=KNOWN) == chain
    assert written(chain) == rewritten


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("alpacca", "no source alpacca .* alpaca, binance"),
        ("none, alpaca", "no source none"),
        ("alpaca, ALPACA", "alpaca is there twice"),
    ],
)
def test_what_names_no_sources_is_refused_with_the_reason(text, reason):
    with pytest.raises(ChainRefused, match=reason):
        read_chain(text, known=KNOWN)


def test_choices_are_stored_and_restored():
    chains = {Need.QUOTE: ("alpaca",), Need.BARS: ()}

    assert restored(stored(chains)) == chains
    assert stored({}) is None
    assert restored(None) == {}
