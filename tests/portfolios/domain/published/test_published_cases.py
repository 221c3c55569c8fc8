"""Every figure that other projects published of their cases comes out of the engine.

`lexicon` says which figure of the engine a name means, `scenario` which policy each project has;
nothing knows a case by its number. What is compared otherwise than one to one:

- A tolerance is absolute for figures up to 1 and relative above, since published figures are cut
  after so many digits.
- Portfolio Performance keeps cents: what it states of money is compared in cents, lot by lot.
- A figure that isn't verified is left out, for the reason that the case gives itself: PP-21's
  `ttwror` follows from daily quotes that the case doesn't state.
- A figure named `wrong_…` is a counterexample: the engine must not give it.
"""

import re
from decimal import Decimal

import pytest

from portfolios.domain.attribution import RESIDUAL_LIMIT
from tests.portfolios.domain.published.cases import CASES, Case
from tests.portfolios.domain.published.lexicon import find_figure
from tests.portfolios.domain.published.scenario import Scenario

WRONG = "wrong_"
#: What the notes say beside the figures.
IDLE = r"([\d.]+) [A-Z]{3} FX gain on idle"
VERIFIED = [
    (case, name)
    for case in CASES.values()
    for name, expected in case.expected.items()
    if expected.is_verified
]
PUBLISHED = [
    pytest.param(case, name, id=f"{case.id}-{name}")
    for case, name in VERIFIED
    if not name.startswith(WRONG)
]
COUNTEREXAMPLES = [
    pytest.param(case, name, id=f"{case.id}-{name}")
    for case, name in VERIFIED
    if name.startswith(WRONG)
]
LEDGERS = [case for case in CASES.values() if case.kind == "portfolio"]


@pytest.mark.parametrize(("case", "name"), PUBLISHED)
def test_a_figure_is_as_published(case: Case, name: str):
    figure = find_figure(case, name)
    assert figure, f"No rule says what “{name}” of {case} is: {case.expected[name]}"

    value = figure()

    assert case.expected[name].allows(value), f"{value} for {case.expected[name]}"


@pytest.mark.parametrize(("case", "name"), COUNTEREXAMPLES)
def test_a_figure_is_never_what_a_wrong_method_gives(case: Case, name: str):
    others = [other for other in case.expected if not other.startswith(WRONG)]
    values = [find_figure(case, other)() for other in others]

    assert not any(case.expected[name].allows(value) for value in values)


@pytest.mark.parametrize("case", LEDGERS, ids=str)
def test_the_parts_of_a_published_gain_add_up(case):
    residual = Scenario.of(case).attribution.residual

    assert residual is None or abs(residual) <= RESIDUAL_LIMIT


@pytest.mark.parametrize("case", [case for case in LEDGERS if case.says(IDLE)], ids=str)
def test_what_rates_made_of_idle_cash_is_a_line_of_its_own(case):
    gain = Decimal(re.search(IDLE, case.notes)[1])

    assert Scenario.of(case).attribution.cash_currency == gain


def test_only_figures_with_a_reason_are_left_out():
    left_out = [each for case in CASES.values() for each in case.expected.values()]

    assert all(each.doubt for each in left_out if not each.is_verified)
