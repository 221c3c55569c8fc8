"""Link a broker's account to a portfolio, look after the link, and end it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bson import ObjectId
from django.db import IntegrityError

from brokers.adapters import vault
from brokers.adapters.brokers import get_broker
from brokers.adapters.contract import AccountName, Broker, Environment, Session
from brokers.domain.connections import ConnectionState, SyncState
from brokers.domain.events import EventState
from brokers.domain.failures import judge
from brokers.models import BrokerRow, Connection, RawPayload, Sync
from brokers.services.scheduling import next_due
from common.errors import Conflict, InvalidInput, Unavailable
from common.remote.errors import AuthExpired, Forbidden, RemoteFailure
from common.remote.http import Budget
from common.texts import hidden_character
from common.transactions import run_in_transaction
from portfolios.services import synced

_LONGEST_CREDENTIAL = 200
_BATCH = 500
#: Somebody waits for the answer.
_PATIENCE = 1


class ConnectionRefused(InvalidInput):
    """The account can't be connected like this."""

    code = "connection-refused"


class AlreadyConnected(Conflict):
    """This account fills this portfolio already."""

    code = "already-connected"


class OtherAccount(Conflict):
    """The new key opens another account than the one that was connected."""

    code = "other-account"


class BrokerAway(Unavailable):
    """The broker can't be asked at the moment."""

    code = "broker-away"


class NotNow(Conflict):
    """The connection is in a state in which that can't be done."""

    code = "connection-in-wrong-state"


def connect(
    portfolio_id: ObjectId,
    *,
    owner_id: ObjectId,
    broker_name: str,
    environment_name: str,
    credentials: Mapping[str, str],
    now: datetime,
) -> Connection:
    """Link an account, once its key has opened it.

    Where people log in on the broker's own page, it is linked by `logins.complete`; until then
    the connection waits, and which account it is isn't known.

    Raises:
        NoSuchBroker: there is no such broker.
        ConnectionRefused: the environment isn't known, or the broker doesn't take the key.
        AlreadyConnected: the account fills this portfolio already.
        NoKeys: this site can't keep secrets.
        Unavailable: the broker can't be asked at the moment.
    """
    broker = get_broker(broker_name)
    environment = broker.capabilities.environment(environment_name)
    if environment is None:
        raise ConnectionRefused(errors={"environment": ["There is no such kind of account."]})
    vault.active_key_id()
    known = checked(broker, credentials)
    # Of our own making, for the secret is sealed to it before it is stored.
    connection = Connection(
        pk=ObjectId(),
        owner_id=owner_id,
        portfolio_id=portfolio_id,
        broker=broker.name,
        environment=environment.name,
        account=broker.capabilities.label,
        state=ConnectionState.NEEDS_LOGIN.value,
        created_at=now,
        updated_at=now,
    )
    seal(connection, broker, known)
    if broker.login is None:
        name_account(connection, broker, open_account(broker, environment, known, now=now))
        connection.state, connection.next_sync_at = ConnectionState.ACTIVE.value, now
    try:
        run_in_transaction(lambda: connection.save(force_insert=True))
    except IntegrityError as error:
        raise AlreadyConnected from error
    return connection


def test_connection(connection: Connection, *, now: datetime) -> AccountName:
    """Ask the broker for as little as shows that the stored key works.

    Raises:
        ConnectionRefused: the broker doesn't take the key.
        Unavailable: the secret can't be opened, or the broker can't be asked at the moment.
    """
    broker = get_broker(connection.broker)
    environment = environment_of(connection, broker)
    secret = unsealed(connection)
    return open_account(broker, environment, secret, now=now)


def replace_key(
    connection: Connection, *, credentials: Mapping[str, str], now: datetime
) -> Connection:
    """Put another key in the place of one that is lost, spent or suspected.

    Raises:
        ConnectionRefused: the broker doesn't take the key.
        OtherAccount: it opens another account.
        NotNow: the connection has ended.
    """
    broker = get_broker(connection.broker)
    environment = environment_of(connection, broker)
    known = checked(broker, credentials)
    if broker.login is None:
        account = open_account(broker, environment, known, now=now)
        if account.number != connection.account_number:
            raise OtherAccount

    def replace() -> Connection:
        held = changeable(connection)
        seal(held, broker, known)
        held.updated_at, held.login_until = now, None
        if broker.login is None:
            held.state, held.next_sync_at = ConnectionState.ACTIVE.value, now
        else:
            # Which account the new one opens shows with the next login.
            held.state, held.next_sync_at = ConnectionState.NEEDS_LOGIN.value, None
        held.save()
        return held

    return run_in_transaction(replace)


def pause(connection: Connection, *, now: datetime) -> Connection:
    """Sync no more until it is resumed; a sync that runs ends where it stands."""
    return _move(connection, to=ConnectionState.PAUSED, next_sync=None, now=now)


def resume(connection: Connection, *, now: datetime) -> Connection:
    """Sync again, from now on."""
    return _move(connection, to=ConnectionState.ACTIVE, next_sync=now, now=now)


def postpone(connection: Connection, *, now: datetime) -> None:
    """Say when a connection is due again."""
    moment = next_due(connection, now=now)
    run_in_transaction(
        lambda: Connection.objects.filter(pk=connection.pk).update(next_sync_at=moment)
    )


def disconnect(connection: Connection, *, keep_ledger: bool, now: datetime) -> Connection:
    """Destroy the secret and what is stored of the broker's answers, at once and for good.

    Args:
        keep_ledger: else the rows it brought are taken out of the ledger by a job.

    Raises:
        NotNow: it has ended already.
    """
    ended = ConnectionState.DISCONNECTED if keep_ledger else ConnectionState.REMOVING

    def end() -> Connection:
        held = changeable(connection)
        held.secret = held.secret_key_id = held.hint = ""
        held.login_until, held.open_orders = None, []
        held.state, held.identity, held.next_sync_at = ended.value, None, None
        held.fence += 1
        held.updated_at = now
        held.save()
        cancel_open(held, now=now)
        RawPayload.objects.filter(connection_id=held.pk).delete()
        return held

    return run_in_transaction(end)


def remove_rows(connection_id: ObjectId, *, now: datetime) -> Connection | None:
    """Take what a connection brought out of the ledger; rows that a person changed stay.

    What was there before, and was only recognized, stays too. Repeating this is harmless.
    """
    connection = Connection.objects.filter(
        pk=connection_id, state=ConnectionState.REMOVING.value
    ).first()
    if connection is None:
        return None
    booked = BrokerRow.objects.filter(
        connection_id=connection.pk, state=EventState.BOOKED.value
    ).order_by("pk")

    def remove() -> int:
        rows = list(booked[:_BATCH])
        revisions = {
            ObjectId(row.transaction_id): row.transaction_revision
            for row in rows
            if row.transaction_id and not row.is_claimed
        }
        synced.void_synced(
            connection.portfolio_id, revisions=revisions, reason="broker disconnected", now=now
        )
        BrokerRow.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=EventState.VOIDED.value, updated_at=now
        )
        return len(rows)

    while run_in_transaction(remove):
        pass
    connection.state, connection.updated_at = ConnectionState.DISCONNECTED.value, now
    run_in_transaction(lambda: connection.save(update_fields=["state", "updated_at"]))
    return connection


def cancel_open(connection: Connection, *, now: datetime) -> None:
    """End a sync that is open, in the caller's transaction."""
    Sync.objects.filter(open_for=str(connection.pk)).update(
        state=SyncState.CANCELED.value, open_for=None, finished_at=now, updated_at=now
    )


def accounts_by_broker(portfolio_id: ObjectId) -> dict[str, str]:
    """Map a broker's name to the account that fills a portfolio from there, where it is one.

    Files of a broker may say no more than where they are from.
    """
    found: dict[str, set[str]] = {}
    live = Connection.objects.filter(portfolio_id=portfolio_id, identity__isnull=False)
    for each in live.order_by("-created_at", "-id"):
        label = get_broker(each.broker).capabilities.label
        found.setdefault(label, set()).add(each.account)
    return {label: next(iter(names)) for label, names in found.items() if len(names) == 1}


def open_session(connection: Connection, *, budget: Budget) -> tuple[Broker, Session]:
    """Open a connection's broker with its key.

    Raises:
        Unopenable: the secret can't be opened.
    """
    broker = get_broker(connection.broker)
    environment = environment_of(connection, broker)
    return broker, broker.open(unsealed(connection), environment=environment, budget=budget)


def unsealed(connection: Connection) -> dict[str, str]:
    """Open a connection's secret.

    Raises:
        Unopenable: the key is gone, or the secret is another connection's.
    """
    return vault.unseal(
        vault.Sealed(connection.secret_key_id, connection.secret), connection_id=str(connection.pk)
    )


def environment_of(connection: Connection, broker: Broker) -> Environment:
    """Return the address that a connection asks.

    Raises:
        NotNow: this site doesn't offer it any more.
    """
    environment = broker.capabilities.environment(connection.environment)
    if environment is None:
        raise NotNow("This kind of account isn't offered here any more.")
    return environment


def checked(broker: Broker, credentials: Mapping[str, str]) -> dict[str, str]:
    """Return what a broker needs of what was typed.

    Raises:
        ConnectionRefused: something is missing or can't be right.
    """
    errors: dict[str, list[str]] = {}
    known = {}
    for field in broker.capabilities.credentials:
        value = known[field.name] = credentials.get(field.name, "").strip()
        if not value:
            errors[field.name] = [f"{field.label} is needed."]
        elif len(value) > _LONGEST_CREDENTIAL or not value.isascii() or hidden_character(value):
            errors[field.name] = [f"That is no {field.label}: copy it again."]
    if errors:
        raise ConnectionRefused(errors=errors)
    return known


def open_account(
    broker: Broker, environment: Environment, credentials: Mapping[str, str], *, now: datetime
) -> AccountName:
    """Ask which account some credentials open.

    Raises:
        ConnectionRefused: the broker doesn't take them.
        BrokerAway: it can't be asked at the moment.
    """
    label = broker.capabilities.label
    session = broker.open(credentials, environment=environment, budget=Budget(_PATIENCE))
    try:
        return session.check()
    except (AuthExpired, Forbidden) as failure:
        if broker.login is not None:
            raise ConnectionRefused(f"{label} has ended the login: log in again.") from failure
        raise ConnectionRefused(
            f"{label} doesn't accept this key for a {environment.label.lower()}. Copy both parts "
            "again, and check that the key belongs to this kind of account."
        ) from failure
    except RemoteFailure as failure:
        verdict = judge(failure, broker=label, retries=0, now=now)
        raise BrokerAway(verdict.message) from failure


def seal(connection: Connection, broker: Broker, secret: Mapping[str, str]) -> None:
    """Put what opens an account into a connection, encrypted; it isn't saved yet.

    Raises:
        NoKeys: this site can't keep secrets.
    """
    sealed = vault.seal(secret, connection_id=str(connection.pk))
    connection.secret, connection.secret_key_id = sealed.text, sealed.key_id
    shown = next((each for each in broker.capabilities.credentials if not each.is_secret), None)
    connection.hint = f"…{secret[shown.name][-4:]}" if shown else ""


def name_account(connection: Connection, broker: Broker, account: AccountName) -> None:
    """Note which account a connection opens; it isn't saved yet."""
    connection.account_number = account.number
    connection.account = f"{broker.capabilities.label} {account.number}"[:80]
    connection.identity = (
        f"{connection.portfolio_id}:{broker.name}:{connection.environment}:{account.number}"
    )


def changeable(connection: Connection) -> Connection:
    """Load a connection anew, in the caller's transaction.

    Raises:
        NotNow: it has ended.
    """
    held = Connection.objects.get(pk=connection.pk)
    if held.state in (ConnectionState.DISCONNECTED.value, ConnectionState.REMOVING.value):
        raise NotNow("The account is disconnected.")
    return held


def _move(
    connection: Connection, *, to: ConnectionState, next_sync: datetime | None, now: datetime
) -> Connection:
    def move() -> Connection:
        held = changeable(connection)
        if to is ConnectionState.PAUSED:
            held.fence += 1
            cancel_open(held, now=now)
        elif held.state != ConnectionState.PAUSED.value:
            raise NotNow("The connection isn't paused.")
        held.state, held.next_sync_at, held.updated_at = to.value, next_sync, now
        held.save()
        return held

    return run_in_transaction(move)
