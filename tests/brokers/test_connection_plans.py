"""Every list and look-up of connections, syncs and brokers' rows uses an index."""

from datetime import timedelta

import pytest

from brokers import selectors
from brokers.domain.connections import OPEN, ConnectionState, SyncState
from brokers.domain.dead_letters import LetterState
from brokers.domain.discrepancies import LIVE, DiscrepancyState
from brokers.domain.events import EventState
from brokers.models import (
    BrokerRow,
    Connection,
    DeadLetter,
    Discrepancy,
    EquityDay,
    MissedDay,
    RawPayload,
    Resync,
    Sync,
)
from portfolios import selectors as portfolios
from tests import factories
from tests.factories import NOW
from tests.plans import explain_uses_index, watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(ada, bo):
    """Connections of two people, and much that two of them brought."""
    states = list(ConnectionState)
    for person in (ada, bo):
        portfolio = factories.make_portfolio(person)
        Connection.objects.bulk_create(
            Connection(
                owner=person,
                portfolio=portfolio,
                broker="alpaca",
                environment="live",
                account_number=str(number),
                state=states[number % len(states)].value,
                secret_key_id="k1",
                next_sync_at=NOW + timedelta(minutes=number - 60),
                created_at=NOW - timedelta(minutes=number),
                updated_at=NOW,
            )
            for number in range(120)
        )
    for connection in Connection.objects.order_by("pk")[:2]:
        _fill(connection)
    return Connection.objects.order_by("pk")[0]


def _fill(connection):
    states = list(SyncState)
    syncs = Sync.objects.bulk_create(
        Sync(
            connection=connection,
            owner_id=connection.owner_id,
            trigger="manual",
            state=states[number % len(states)].value,
            open_for=f"{connection.pk}{number}" if states[number % 7] in OPEN else None,
            retry_at=NOW + timedelta(minutes=number),
            lease_until=NOW + timedelta(minutes=number),
            created_at=NOW - timedelta(minutes=number),
            updated_at=NOW - timedelta(minutes=number),
        )
        for number in range(140)
    )
    RawPayload.objects.bulk_create(
        RawPayload(
            connection=connection,
            sync=syncs[0],
            stream=("activities", "cash")[number % 2],
            request="/",
            body=b"",
            size=0,
            sha256="",
            fetched_at=NOW,
            expires_at=NOW + timedelta(minutes=number),
        )
        for number in range(140)
    )
    Resync.objects.bulk_create(
        Resync(
            connection=connection,
            owner_id=connection.owner_id,
            sync=syncs[number],
            state="ready",
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(140)
    )
    MissedDay.objects.bulk_create(
        MissedDay(
            connection=connection,
            day=NOW.date() - timedelta(days=number),
            state=("open", "settled")[number % 2],
            import_id=f"{number:024}" if number % 2 else "",
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(140)
    )
    EquityDay.objects.bulk_create(
        EquityDay(
            connection=connection,
            day=NOW.date() - timedelta(days=number),
            currency="USD",
            theirs=1,
            compared_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(140)
    )
    waits = list(LetterState)
    DeadLetter.objects.bulk_create(
        DeadLetter(
            connection=connection,
            broker="alpaca",
            stream="activities",
            stage="row",
            external_id=f"{connection.pk}:{number}",
            failure="RowError",
            error="",
            adapter_version=1,
            state=waits[number % len(waits)].value,
            last_seen_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(140)
    )
    stands = list(DiscrepancyState)
    Discrepancy.objects.bulk_create(
        Discrepancy(
            connection=connection,
            owner_id=connection.owner_id,
            measure="cash",
            what=str(number),
            theirs=1,
            ours=2,
            state=stands[number % len(stands)].value,
            live_for=f"{connection.pk}:{number}" if stands[number % len(stands)] in LIVE else None,
            first_seen_at=NOW,
            last_seen_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(140)
    )
    events = list(EventState)
    BrokerRow.objects.bulk_create(
        BrokerRow(
            connection=connection,
            external_id=f"{connection.pk}:{number}",
            kind="buy",
            alias=str(number),
            state=events[number % len(events)].value,
            digest="",
            transaction_id=f"{number:024}",
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(140)
    )


def test_lists_of_connections_and_of_what_they_brought(many):
    explain_uses_index(selectors.list_connections(many.portfolio_id)[:6])
    explain_uses_index(selectors.list_syncs(many.pk)[:6])
    explain_uses_index(selectors.list_unbooked(many.pk)[:6])
    explain_uses_index(selectors.list_resyncs(many.pk)[:6])
    explain_uses_index(selectors.list_orphans(many.pk)[:6])
    explain_uses_index(selectors.list_discrepancies(many.pk)[:6])
    explain_uses_index(selectors.list_live(many.pk)[:6], may_sort=True)
    explain_uses_index(selectors.list_ended(many.pk)[:6], may_sort=True)
    explain_uses_index(selectors.list_payloads(many.pk, stream="cash")[:6])
    explain_uses_index(selectors.list_missed_days(many.pk)[:6])
    explain_uses_index(selectors.list_open_missed_days(many.pk)[:6])
    explain_uses_index(selectors.list_equity(many.pk)[:6])
    explain_uses_index(selectors.list_watched(), may_sort=True)
    explain_uses_index(selectors.list_due(now=NOW), may_sort=True)
    explain_uses_index(selectors.list_startable(now=NOW), may_sort=True)
    explain_uses_index(selectors.list_removing(), may_sort=True)
    explain_uses_index(RawPayload.objects.filter(expires_at__lte=NOW))


def test_look_ups_of_connections_and_of_equal_rows(many):
    with watched():
        selectors.get_connection(many.pk, portfolio_id=many.portfolio_id, owner_id=many.owner_id)
        selectors.find_last_good_sync(many.pk)
        list(Sync.objects.filter(open_for=str(many.pk)))
        selectors.count_open(many.pk)
        selectors.count_letters()
        list(MissedDay.objects.filter(connection_id=many.pk, day__in=[NOW.date()]))
        list(MissedDay.objects.filter(import_id=f"{1:024}"))
        list(Resync.objects.filter(sync_id=many.pk))
        list(RawPayload.objects.filter(sync_id=many.pk).order_by("id"))
        list(DeadLetter.objects.filter(connection_id=many.pk, stream="cash", external_id=""))
        list(Discrepancy.objects.filter(connection_id=many.pk, live_for__isnull=False))
        list(BrokerRow.objects.filter(transaction_id__in=["0" * 24, "1" * 24]))
        booked = BrokerRow.objects.filter(transaction_id__in=["0" * 24], connection_id=many.pk)
        list(booked.filter(state="booked"))
        list(BrokerRow.objects.filter(connection_id=many.pk, replaces__in=["a"]).order_by("pk"))
        portfolios.list_copies(many.portfolio_id, fingerprints=["a" * 32])
