"""Which source streams what, in the words of a plan: `alpaca: ACME BOLT`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.routing import Interest, Offer, Reason, Wanted, plan, rank


def offer(text: str) -> Offer:
    """Read `name(room) ACME BOLT`, with `!` before the name of one that is down."""
    head, *known = text.split()
    name, _, room = head.rstrip(")").partition("(")
    return Offer(
        name=name.lstrip("!"),
        covers=set(known).__contains__,
        room=int(room) if room else None,
        is_down=head.startswith("!"),
    )


def wanted(text: str) -> list[Wanted]:
    return [Wanted(each, Interest.HOLDING, 1) for each in text.split()]


@pytest.mark.parametrize(
    ("asked", "offers", "routes", "left_out"),
    [
        # The first source that covers it.
        ("ACME BTC", ["a ACME", "b ACME BTC"], {"a": "ACME", "b": "BTC"}, {}),
        ("BTC ACME", ["b ACME BTC", "a ACME"], {"a": "", "b": "BTC ACME"}, {}),
        # One that is down is passed over, and has no work.
        ("ACME", ["!a ACME", "b ACME"], {"a": "", "b": "ACME"}, {}),
        ("ACME", ["!a ACME", "b BTC"], {"a": "", "b": ""}, {"ACME": Reason.SOURCE_DOWN}),
        # One that is full is passed over; the most wanted come first.
        ("A B C", ["a(2) A B C", "b(9) C"], {"a": "A B", "b": "C"}, {}),
        ("A B C", ["a(2) A B C"], {"a": "A B"}, {"C": Reason.NO_ROOM}),
        ("A", ["a(0) A"], {"a": ""}, {"A": Reason.NO_ROOM}),
        ("A", ["a B"], {"a": ""}, {"A": Reason.NO_SOURCE}),
        ("A", [], {}, {"A": Reason.NO_SOURCE}),
        # Of several reasons the one that passes by itself is told.
        ("A B", ["a(1) A B", "!b B"], {"a": "A", "b": ""}, {"B": Reason.SOURCE_DOWN}),
    ],
)
def test_instruments_go_to_the_first_source_that_can_take_them(asked, offers, routes, left_out):
    made = plan(wanted(asked), [offer(each) for each in offers], others=())

    assert {name: " ".join(keys) for name, keys in made.routes.items()} == routes
    assert {each.wanted.instrument_id: each.reason for each in made.left_out} == left_out


@pytest.mark.parametrize(
    ("chain", "offers", "routes", "left_out"),
    [
        # The order that was chosen beats that of the settings, and others stay out.
        ("b a", ["a ACME", "b ACME"], {"a": "", "b": "ACME"}, {}),
        ("b a", ["a ACME", "!b ACME"], {"a": "ACME", "b": ""}, {}),
        ("b", ["a ACME", "!b ACME"], {"a": "", "b": ""}, {"ACME": Reason.SOURCE_DOWN}),
        # One that the settings don't name is passed over.
        ("c a", ["a ACME", "b ACME"], {"a": "ACME", "b": ""}, {}),
        ("", ["a ACME"], {"a": ""}, {"ACME": Reason.NO_SOURCE}),
    ],
)
def test_an_instrument_goes_to_the_sources_that_were_chosen_for_it(chain, offers, routes, left_out):
    made = plan(
        wanted("ACME"),
        [offer(each) for each in offers],
        others=(),
        chains={"ACME": chain.split()},
    )

    assert {name: " ".join(keys) for name, keys in made.routes.items()} == routes
    assert {each.wanted.instrument_id: each.reason for each in made.left_out} == left_out


def test_what_nobody_wants_goes_only_to_sources_that_take_all():
    greedy = Offer(name="a", covers={"ACME", "BOLT"}.__contains__, takes_all=True)

    made = plan(wanted("ACME"), [greedy, offer("b BTC")], others=["BOLT", "BTC"])

    assert made.routes == {"a": ["ACME", "BOLT"], "b": []}
    assert not made.left_out


def test_alerts_come_before_screens_before_holdings_before_watchlists():
    ranked = rank(
        {
            Interest.WATCHLIST: {"W": 99, "A": 1},
            Interest.HOLDING: {"H": 5, "J": 7, "V": 1},
            Interest.VIEW: {"V": 1, "N": 0},
            Interest.ALERT: {"A": 1},
        }
    )

    assert [each.instrument_id for each in ranked] == ["A", "V", "J", "H", "W"]
    assert ranked[0] == Wanted("A", Interest.ALERT, 1)


keys = st.sampled_from([f"I{number}" for number in range(12)])
rooms = st.one_of(st.none(), st.integers(0, 5))
sources = st.lists(st.tuples(st.sets(keys), rooms, st.booleans()), max_size=4)


@given(asked=st.lists(keys, unique=True), given_sources=sources)
def test_each_instrument_is_streamed_once_or_named_as_left_out(asked, given_sources):
    offers = [
        Offer(name=str(number), covers=known.__contains__, room=room, is_down=is_down)
        for number, (known, room, is_down) in enumerate(given_sources)
    ]

    made = plan([Wanted(key, Interest.VIEW, 1) for key in asked], offers, others=())

    routed = [key for keys in made.routes.values() for key in keys]
    assert sorted([*routed, *(each.wanted.instrument_id for each in made.left_out)]) == sorted(
        asked
    )
    for each in offers:
        mine = made.routes[each.name]
        assert all(each.covers(key) for key in mine)
        assert each.room is None or len(mine) <= each.room
        assert not (each.is_down and mine)
