"""Targets, drift, and the trades that lead back."""

from decimal import Decimal
from itertools import product
from time import process_time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portfolios.domain.rebalancing import Asset, Mode, Outcome, Side, Terms, propose
from portfolios.domain.status import Status
from portfolios.domain.targets import Bands, Target, TargetsRefused, check_targets, drifts
from tests.portfolios.domain.strategies import decimals


def targets(text: str) -> list[Target]:
    """`targets("A 0.6, B+C 0.4")`: B and C count together."""
    made = []
    for each in text.split(","):
        key, weight = each.split()
        made.append(Target(key, Decimal(weight), tuple(key.split("+"))))
    return made


def assets(text: str, step: str = "1") -> dict[str, Asset]:
    """`assets("A 10@5, B 0@7")`: ten A at 5, no B yet."""
    made = {}
    for each in text.split(","):
        name, held = each.split()
        quantity, price = held.split("@")
        known = None if price == "?" else Decimal(price)
        made[name] = Asset(name, Decimal(quantity), known, Decimal(step))
    return made


def terms(cash: str = "0", mode: Mode = Mode.BUY_ONLY, **more) -> Terms:
    return Terms(mode, Decimal(cash), **{name: Decimal(value) for name, value in more.items()})


def jotted(proposal) -> str:
    """Trades as a trader would jot them down: `A 3, B -2`."""
    signed = {
        each.instrument_id: each.quantity if each.side is Side.BUY else -each.quantity
        for each in proposal.trades
    }
    return ", ".join(f"{name} {signed[name]:f}" for name in sorted(signed))


def test_drift_is_measured_in_weights_in_parts_of_the_target_and_in_money():
    values = {"A": Decimal(700), "B": Decimal(200), "C": Decimal(100), "ELSE": Decimal(999)}
    first, second = drifts(targets("A 0.6, B+C 0.4"), values=values)

    assert (first.weight, first.absolute, first.amount) == (Decimal("0.7"), Decimal("0.1"), -100)
    assert round(first.relative, 6) == Decimal("0.166667")
    assert (second.value, second.absolute) == (300, Decimal("-0.1"))
    assert second.relative == Decimal("-0.25")


@pytest.mark.parametrize(
    ("held", "absolute", "relative", "outside"),
    [
        ("104", "0.05", "0.25", False),
        ("112", "0.05", "1", True),
        # Four points of a target of fifty are a relative 8 %.
        ("108", "0.05", "0.07", True),
        ("108", "0.05", "0.09", False),
    ],
)
def test_the_narrower_band_decides(held, absolute, relative, outside):
    values = {"A": Decimal(held) / 2, "B": 100 - Decimal(held) / 2}
    found = drifts(
        targets("A 0.5, B 0.5"), values=values, bands=Bands(Decimal(absolute), Decimal(relative))
    )

    assert {each.is_outside for each in found} == {outside}


def test_a_drift_of_what_has_no_price_is_unavailable_and_makes_the_others_partial():
    known, unknown = drifts(targets("A 0.6, B 0.4"), values={"A": Decimal(5), "B": None})

    assert (known.status, known.value) == (Status.PARTIAL, 5)
    assert (unknown.status, unknown.value, unknown.weight) == (Status.UNAVAILABLE, None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A 0.6, B 0.3", "90"),
        ("A 0.6, A 0.4", "twice"),
        ("A 1.5, B -0.5", "between 0 and 1"),
        ("A 0.5, A+B 0.5", "two targets"),
    ],
)
def test_targets_that_cannot_be_are_refused(text, words):
    with pytest.raises(TargetsRefused, match=words):
        check_targets(targets(text))


A_HALF = "A 0.5, B 0.5"
RAISING_20 = terms("0", Mode.BUY_AND_SELL, keep_cash="20")


@pytest.mark.parametrize(
    ("aims", "held", "on", "trades", "left"),
    [
        # 1,000 to spend on 50 and 50: ten each.
        (A_HALF, "A 0@50, B 0@50", terms("1000"), "A 10, B 10", "0"),
        # Only what is short of its target is bought.
        (A_HALF, "A 20@50, B 0@50", terms("500"), "B 10", "0"),
        # Whole shares: 7 × 30 leave 10 over.
        (A_HALF, "A 10@22, B 0@30", terms("220"), "B 7", "10"),
        # Each trade costs 10, which the tenth share can't pay any more.
        (A_HALF, "A 20@50, B 0@50", terms("500", fee_fixed="10"), "B 9", "40"),
        # 1 % of 490 is 4.90; ten shares would need 505.
        (A_HALF, "A 20@50, B 0@50", terms("500", fee_rate="0.01"), "B 9", "45.5"),
        # 300 stay.
        (A_HALF, "A 20@50, B 0@50", terms("800", keep_cash="300"), "B 10", "300"),
        # Selling what is too much pays for what is too little.
        (A_HALF, "A 20@50, B 0@50", terms("0", Mode.BUY_AND_SELL), "A -10, B 10", "0"),
        # Two of A would bring exactly what B lacks, but one of B costs a cent more.
        (A_HALF, "A 4@50, B 0@100.01", terms("0", Mode.BUY_AND_SELL), "A -3, B 1", "49.99"),
        # A target of nothing is sold out.
        ("A 0, B 1", "A 3@10, B 3@10", terms("0", Mode.BUY_AND_SELL), "A -3, B 3", "0"),
        # What has to be kept is raised by selling.
        (
            A_HALF,
            "A 5@10, B 5@10",
            terms("0", Mode.BUY_AND_SELL, keep_cash="20"),
            "A -1, B -1",
            "20",
        ),
        # One of two that count together is enough.
        ("A 0.5, B+C 0.5", "A 10@10, B 5@10, C 0@10", terms("50"), "B 5", "0"),
        # A short position can be bought back, not sold further.
        ("A 1, B 0", "A -2@10, B 6@10", terms("0", Mode.BUY_AND_SELL), "A 6, B -6", "0"),
    ],
)
def test_trades_come_as_close_to_the_targets_as_can_be(aims, held, on, trades, left):
    found = propose(targets(aims), assets=assets(held), terms=on)

    assert (found.outcome, jotted(found)) in {
        (Outcome.PROPOSED, trades),
        (Outcome.PROPOSED, trades.replace("B", "C")),
    }
    assert found.cash_left == Decimal(left)


def test_fractions_of_a_share_are_traded_in_their_steps():
    found = propose(targets(A_HALF), assets=assets("A 10@22, B 0@30", "0.01"), terms=terms("220"))

    assert jotted(found) == "B 7.33"
    assert found.cash_left == Decimal("0.1")


def test_a_trade_below_the_least_is_not_proposed():
    found = propose(
        targets(A_HALF), assets=assets("A 10@10, B 9@10"), terms=terms("10", least_trade="11")
    )

    assert (found.outcome, found.trades) == (Outcome.NOTHING_TO_DO, ())
    assert found.cash_left == 10


@pytest.mark.parametrize(
    ("aims", "held", "on", "outcome"),
    [
        ("A 0.5, B 0.4", "A 1@1, B 1@1", terms("5"), Outcome.TARGETS_REFUSED),
        (A_HALF, "A 1@1, B 1@?", terms("5"), Outcome.UNPRICED),
        (A_HALF, "A 1@1, B 1@0", terms("5"), Outcome.UNPRICED),
        (A_HALF, "A 1@1", terms("5"), Outcome.UNPRICED),
        (A_HALF, "A 1@1, B 1@1", terms("0"), Outcome.NO_CASH),
        (A_HALF, "A 1@1, B 1@1", terms("5", keep_cash="5"), Outcome.NO_CASH),
        (A_HALF, "A 0@1, B 0@1", terms("0", Mode.BUY_AND_SELL), Outcome.IMPOSSIBLE),
        (
            A_HALF,
            "A 1@10, B 1@10",
            terms("0", Mode.BUY_AND_SELL, keep_cash="15", fee_fixed="6"),
            Outcome.IMPOSSIBLE,
        ),
        (A_HALF, "A 5@10, B 5@10", terms("0", Mode.BUY_AND_SELL), Outcome.NOTHING_TO_DO),
    ],
)
def test_what_cannot_be_proposed_says_why(aims, held, on, outcome):
    found = propose(targets(aims), assets=assets(held), terms=on)

    assert (found.outcome, found.trades) == (outcome, ())
    assert found.reason


def test_a_class_without_any_instrument_cannot_be_bought():
    found = propose([Target("bond", Decimal(1), ())], assets={}, terms=terms("5"))

    assert found.outcome is Outcome.TARGETS_REFUSED
    assert "bond" in found.reason


@st.composite
def a_case(draw, most: int = 4, largest: int = 40, cheapest: str = "1", richest: str = "3000"):
    """Some instruments with targets that add up to 1, and terms."""
    count = draw(st.integers(1, most))
    parts = [draw(st.integers(0, 100)) for _ in range(count)]
    assume(sum(parts))
    shares = [(Decimal(part) / sum(parts)).quantize(Decimal("0.001")) for part in parts]
    shares[parts.index(max(parts))] += 1 - sum(shares)
    names = "ABCDEFGH"[:count]
    held = {
        name: Asset(
            name, Decimal(draw(st.integers(0, largest))), draw(decimals(cheapest, "300", 2))
        )
        for name in names
    }
    aims = [Target(name, share, (name,)) for name, share in zip(names, shares, strict=True)]
    on = Terms(
        mode=draw(st.sampled_from(list(Mode))),
        cash=draw(decimals("0", richest, 2)),
        keep_cash=draw(st.sampled_from([Decimal(0), Decimal(100)])),
        least_trade=draw(st.sampled_from([Decimal(0), Decimal(50)])),
        fee_fixed=draw(st.sampled_from([Decimal(0), Decimal("4.9")])),
        fee_rate=draw(st.sampled_from([Decimal(0), Decimal("0.0025")])),
    )
    return aims, held, on


def spent(proposal) -> Decimal:
    """What the trades take from the cash, counted anew."""
    signs = {Side.BUY: 1, Side.SELL: -1}
    return sum(
        (signs[each.side] * each.quantity * each.price + each.fee for each in proposal.trades),
        Decimal(0),
    )


@given(a_case())
def test_a_proposal_keeps_to_its_terms_to_the_last_digit(case):
    aims, held, on = case
    found = propose(aims, assets=held, terms=on)

    for each in found.trades:
        assert each.quantity == each.quantity.to_integral_value() > 0
        assert each.amount >= on.least_trade
        assert each.fee == on.fee_fixed + on.fee_rate * each.amount
        if each.side is Side.SELL:
            assert on.mode is Mode.BUY_AND_SELL
            assert each.quantity <= held[each.instrument_id].quantity
    if found.outcome in {Outcome.PROPOSED, Outcome.NOTHING_TO_DO}:
        assert found.cash_left == on.cash - spent(found)
        if found.trades:
            assert found.cash_left >= on.keep_cash


@given(a_case())
def test_a_proposal_never_leads_further_from_the_targets(case):
    aims, held, on = case
    assume(on.budget >= 0)
    found = propose(aims, assets=held, terms=on)

    if found.deviation_after is not None:
        assert found.deviation_after <= found.deviation_before
        assert bool(found.trades) == (found.deviation_after < found.deviation_before)


@given(a_case(), st.randoms())
def test_the_order_of_targets_changes_nothing(case, random):
    aims, held, on = case
    shuffled = aims[:]
    random.shuffle(shuffled)

    first = propose(aims, assets=held, terms=on)
    second = propose(shuffled, assets=dict(reversed(held.items())), terms=on)

    assert (first.trades, first.reason) == (second.trades, second.reason)


def test_the_solver_does_not_drop_the_best_solution():
    """Selling and buying four would miss more: what the solver's presolving took for proven."""
    on = terms("65.55", Mode.BUY_AND_SELL, least_trade="50", fee_fixed="4.9", fee_rate="0.0025")
    found = propose(targets("A 0.310, B 0.690"), assets=assets("A 5@65.55, B 1@65.55"), terms=on)

    assert found.deviation_after == Decimal("65.55")


@given(a_case(most=2, largest=6, cheapest="50", richest="1000"))
def test_nothing_that_trying_everything_finds_comes_closer(case):
    aims, held, on = case
    found = propose(aims, assets=held, terms=on)
    assume(found.deviation_after is not None)

    best = closest(aims, held, on)

    assert found.deviation_after >= best
    assert found.deviation_after - best <= found.accuracy


def closest(aims, held, on) -> Decimal:
    """Try every number of units from nothing to more than all the money could buy."""
    whole = sum(each.quantity * each.price for each in held.values()) + on.budget
    most = [int(max(whole, 0) / each.price) + each.quantity + 1 for each in held.values()]
    best = None
    for wanted in product(*(range(int(limit) + 1) for limit in most)):
        left, missed, is_kept = on.budget, Decimal(0), True
        for aim, asset, units in zip(aims, held.values(), wanted, strict=True):
            change = units - asset.quantity
            amount = abs(change) * asset.price
            is_kept &= not change or amount >= on.least_trade
            is_kept &= change >= 0 or on.mode is Mode.BUY_AND_SELL
            left -= change * asset.price
            left -= on.fee_fixed + on.fee_rate * amount if change else 0
            missed += abs(aim.weight * whole - units * asset.price)
        if is_kept and left >= 0 and (best is None or missed < best):
            best = missed
    return best if best is not None else Decimal("Infinity")


@pytest.mark.parametrize("mode", list(Mode))
def test_fifty_positions_take_about_a_second(mode):
    count = 50
    aims = [Target(f"P{n:02}", Decimal("0.02"), (f"P{n:02}",)) for n in range(count)]
    held = {
        each.key: Asset(each.key, Decimal(n * 7 % 60), Decimal(1700 + n * 977 % 40000) / 100)
        for n, each in enumerate(aims)
    }
    started = process_time()
    found = propose(
        aims,
        assets=held,
        terms=terms("5000", mode, least_trade="50", fee_fixed="1", fee_rate="0.001"),
    )
    took = process_time() - started

    assert found.outcome is Outcome.PROPOSED
    assert found.deviation_after < found.deviation_before
    whole = sum(each.quantity * each.price for each in held.values()) + 5000
    assert found.accuracy < whole / 10_000
    # Time of the processor, with room for a slow one; some 0.3 s where this was written.
    assert took < 3
