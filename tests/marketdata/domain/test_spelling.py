"""How the same symbol is written by different people."""

import pytest

from marketdata.domain.spelling import other_spellings


@pytest.mark.parametrize(
    ("symbol", "others"),
    [
        ("BRK.B", {"BRK-B", "BRK B", "BRK/B"}),
        ("BRK B", {"BRK-B", "BRK.B", "BRK/B"}),
        ("ERIC-B", {"ERIC B", "ERIC.B", "ERIC/B"}),
        ("BRKB", set()),
        ("EUR/USD", set()),
        ("A.B.C", set()),
        (".B", set()),
        ("", set()),
    ],
)
def test_a_class_of_shares_is_set_apart_in_four_ways(symbol, others):
    assert set(other_spellings(symbol)) == others
