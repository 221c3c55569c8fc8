"""Corporate actions: stored once, corrected, withdrawn, and what they do to prices."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from common.remote.errors import Transient
from marketdata import selectors, services
from marketdata.domain.actions import Action, ActionKind
from marketdata.domain.sources import Need, Parsed, RowError
from marketdata.models import CorporateAction, SourceRun
from tests import factories
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db

SPLIT = Action(
    symbol="ACME",
    kind=ActionKind.SPLIT,
    source_id="s1",
    ex_date=date(2026, 2, 10),
    ratio=Decimal(2),
)
DIVIDEND = Action(
    symbol="ACME",
    kind=ActionKind.DIVIDEND,
    source_id="d1",
    ex_date=date(2026, 2, 20),
    pay_date=date(2026, 3, 1),
    cash=Decimal("0.25"),
)


class Told:
    """A source that tells what a test says."""

    name = "told"

    def __init__(self, *rows, errors=()):
        self.rows, self.errors, self.asked = rows, errors, []
        self.failure = None

    def covers(self, listing):
        return listing.asset_class == "stock"

    def corporate_actions(self, listings, *, start, end):
        self.asked.append(([each.symbol for each in listings], start, end))
        if self.failure is not None:
            raise self.failure
        return Parsed(rows=self.rows, errors=self.errors)


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(
        instrument, {"2026-02-06": "100", "2026-02-09": "102", "2026-02-10": "51"}
    )
    return instrument


def record(source, now=NOW):
    return services.record_actions([source], today=now.date(), now=now)


def rows_of():
    rows = CorporateAction.objects.order_by("ex_date")
    return [(row.kind, row.ex_date, row.ratio, row.cash, row.state) for row in rows]


def test_what_is_told_is_stored_once_and_corrected(acme):
    source = Told(SPLIT, DIVIDEND, replace(SPLIT, symbol="OTHER"))

    assert (record(source), record(source)) == (2, 0)
    source.rows = (replace(SPLIT, ratio=Decimal(3)), DIVIDEND)
    assert record(source) == 1
    assert rows_of() == [
        ("split", SPLIT.ex_date, Decimal(3), None, "announced"),
        ("dividend", DIVIDEND.ex_date, None, Decimal("0.25"), "announced"),
    ]


def test_all_is_asked_for_at_first_and_later_what_is_new(acme):
    source = Told(SPLIT)
    record(source)
    later = NOW + timedelta(days=3)
    factories.make_instrument("NEW", created_at=later - timedelta(hours=1))
    factories.make_instrument("GOLD", asset_class="commodity")

    record(source, later)

    ahead = later.date() + timedelta(days=90)
    history = services.HISTORY
    assert source.asked[0][:2] == (["ACME"], TODAY - history)
    assert source.asked[1:] == [
        (["ACME"], TODAY - timedelta(days=30), ahead),
        (["NEW"], later.date() - history, ahead),
    ]


def test_how_it_went_is_kept(acme):
    source = Told(SPLIT, errors=[RowError("forward_splits 3", "this is no corporate action.")])
    record(source)
    run = SourceRun.objects.get(source="told", need=Need.ACTIONS.value)
    assert (run.state, run.written, run.detail) == (
        SourceRun.PARTIAL, 1, "forward_splits 3: this is no corporate action."
    )  # fmt: skip

    source.failure = Transient("It is away.")
    assert record(source, NOW + timedelta(days=1)) == 0
    run.refresh_from_db()
    assert (run.state, run.last_good_at, run.detail) == (SourceRun.FAILED, NOW, "It is away.")


def test_statistics_are_of_the_units_of_their_last_day(acme):
    record(Told(SPLIT, DIVIDEND))
    key = str(acme.pk)

    def statistics(end):
        found = selectors.closes_for_statistics([key], start=date(2026, 2, 1), end=end)
        return [close for _, close in found[key]]

    assert statistics(TODAY) == [50, 51, 51]
    assert statistics(date(2026, 2, 9)) == [100, 102]
    # What was traded stays as it was.
    raw = selectors.closes_between([key], start=date(2026, 2, 1), end=TODAY)
    assert [close for _, close in raw[key]] == [100, 102, 51]


def test_what_staff_withdraw_counts_no_more_and_is_not_brought_back(acme, ada, browser_of):
    ada.is_staff = ada.is_superuser = True
    ada.save()
    source = Told(SPLIT)
    record(source)
    row = CorporateAction.objects.get()
    body = {"action": "withdraw", "_selected_action": [str(row.pk)]}

    browser_of(ada).post(reverse("admin:marketdata_corporateaction_changelist"), body)
    source.rows = (replace(SPLIT, ratio=Decimal(3)),)
    record(source)

    assert rows_of() == [("split", SPLIT.ex_date, Decimal(3), None, "withdrawn")]
    splits = selectors.splits_by_instrument([str(acme.pk)], start=date(2026, 1, 1), end=TODAY)
    assert splits == {}


def test_what_two_sources_tell_counts_once(acme):
    first, second = Told(SPLIT), Told(replace(SPLIT, source_id="other"))
    second.name = "second"
    services.record_actions([first, second], today=TODAY, now=NOW)

    splits = selectors.splits_by_instrument([str(acme.pk)], start=date(2026, 1, 1), end=TODAY)

    assert CorporateAction.objects.count() == 2
    assert splits == {str(acme.pk): [(SPLIT.ex_date, Decimal(2))]}


def test_it_is_told_on_the_page_and_over_the_api(acme, ada, browser_of, program_of):
    record(Told(SPLIT, DIVIDEND))

    page = browser_of(ada).get(reverse("instrument", args=[acme.pk])).content.decode()
    told = program_of(ada).get(reverse("api-actions", args=[acme.pk])).json()["results"]

    assert "2 for 1" in page
    assert "0.25 in cash for each" in page
    assert [(each["kind"], each["ratio"], each["cash"]) for each in told] == [
        ("dividend", None, "0.25"),
        ("split", "2", None),
    ]
