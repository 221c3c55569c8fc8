"""Which instrument somebody means who types a few letters."""

import pytest

from marketdata.selectors import find_typed
from tests.factories import make_instrument

pytestmark = pytest.mark.django_db

APPLE = "US0378331005"


@pytest.fixture
def instruments(ada, bo):
    """Two listings of one share, one share alone, and what only Ada and only Bo own."""
    return {
        "AAPL": make_instrument("AAPL", isin=APPLE),
        "APC": make_instrument("APC", isin=APPLE, mic="XETR", currency="EUR"),
        "MSFT": make_instrument("MSFT"),
        "HOUSE": make_instrument("HOUSE", mic="", owner=ada),
        "BOAT": make_instrument("BOAT", mic="", owner=bo),
    }


@pytest.mark.parametrize(
    ("typed", "currency", "meant"),
    [
        pytest.param("MSFT", "", "MSFT", id="a symbol"),
        pytest.param("  msft ", "", "MSFT", id="a symbol as it was pasted"),
        pytest.param("us0378331005", "EUR", "APC", id="an ISIN, the currency decides"),
        pytest.param(APPLE, "", None, id="an ISIN with two listings"),
        pytest.param("US0378331006", "", None, id="an ISIN with a wrong check digit"),
        pytest.param("house", "", "HOUSE", id="one's own"),
        pytest.param("boat", "", None, id="a stranger's own"),
        pytest.param("MS", "", None, id="the beginning of a symbol"),
        pytest.param(".*", "", None, id="a pattern"),
        pytest.param("", "", None, id="nothing"),
    ],
)
def test_what_is_typed_is_found_when_it_is_certain(instruments, ada, typed, currency, meant):
    found = find_typed(typed, user_id=ada.pk, currency=currency)

    assert found == (instruments[meant] if meant else None)
