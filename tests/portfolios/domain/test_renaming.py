"""Another instrument in the place of one that turned out to be it."""

import pytest

from portfolios.domain.renaming import replaced_entries, replaced_targets


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b", "c b"),
        ("b a c", "b c"),
        ("b", "b"),
        ("", ""),
    ],
)
def test_a_watchlist_names_each_instrument_once(before, after):
    entries = [{"instrument": name, "note": name} for name in before.split()]

    found = replaced_entries(entries, "a", "c")

    assert [each["instrument"] for each in found] == after.split()
    assert len({each["note"] for each in found}) == len(found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a=0.6:a b=0.4:b", "c=0.6:c b=0.4:b", id="a holding"),
        pytest.param("a=0.6:a c=0.4:c", "c=1:c", id="both"),
        pytest.param("c=0.25:c b=0.5:b a=0.25:a", "c=0.5:c b=0.5:b", id="both, the other first"),
        pytest.param("stock=1:a,b", "stock=1:c,b", id="a class of assets"),
        pytest.param("stock=0.5:a etf=0.5:c,b", "stock=0.5:c etf=0.5:b", id="two classes"),
        pytest.param("b=1:b", "b=1:b", id="neither"),
    ],
)
def test_targets_keep_their_weights(before, after):
    def targets(text):
        parts = (each.replace(":", "=").split("=") for each in text.split())
        return [
            {"key": key, "weight": weight, "members": names.split(",")}
            for key, weight, names in parts
        ]

    found = replaced_targets({"by": "holding", "targets": targets(before)}, "a", "c")

    assert found == {"by": "holding", "targets": targets(after)}
