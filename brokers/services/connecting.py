"""Link a broker's account to a portfolio, look after the link, and end it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from bson import ObjectId
from django.db import IntegrityError
from django.db.models import QuerySet

from brokers.adapters import vault
from brokers.adapters.brokers import get_broker
from brokers.adapters.contract import AccountName, Broker, Environment, Session
from brokers.domain.connections import ConnectionState, SyncState, next_sync_at
from brokers.domain.events import EventState
from brokers.domain.failures import judge
from brokers.models import BrokerRow, Connection, RawPayload, Sync
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
    account = _open_account(broker, environment, _checked(broker, credentials), now=now)
    # Of our own making, for the secret is sealed to it before it is stored.
    connection = Connection(
        pk=ObjectId(),
        owner_id=owner_id,
        portfolio_id=portfolio_id,
        broker=broker.name,
        environment=environment.name,
        account_number=account.number,
        account=f"{broker.capabilities.label} {account.number}"[:80],
        state=ConnectionState.ACTIVE.value,
        next_sync_at=now,
        identity=f"{portfolio_id}:{broker.name}:{environment.name}:{account.number}",
        created_at=now,
        updated_at=now,
    )
    _seal(connection, broker, credentials)
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
    return _open_account(broker, environment, secret, now=now)


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
    account = _open_account(broker, environment, _checked(broker, credentials), now=now)
    if account.number != connection.account_number:
        raise OtherAccount

    def replace() -> Connection:
        held = _changeable(connection)
        _seal(held, broker, credentials)
        held.state = ConnectionState.ACTIVE.value
        held.next_sync_at = held.updated_at = now
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
    broker = get_broker(connection.broker)
    moment = next_sync_at(now, is_always_open=broker.capabilities.is_always_open)
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
        held = _changeable(connection)
        held.secret = held.secret_key_id = held.hint = ""
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


def rotate(*, limit: int, after: ObjectId | None, now: datetime) -> tuple[int, ObjectId | None]:
    """Seal up to `limit` secrets anew with the newest key; those that have it are passed over.

    Args:
        after: the last connection that was looked at.

    Returns:
        How many were sealed anew, and the last one looked at: None where none was left.

    Raises:
        NoKeys: there is none.
    """
    old = _sealed_otherwise()
    if after is not None:
        old = old.filter(pk__gt=after)
    keys = list(old.values_list("pk", flat=True)[:limit])
    done = sum(run_in_transaction(partial(_reseal, key, now=now)) for key in keys)
    return done, keys[-1] if keys else None


def count_unrotated() -> int:
    """Count the secrets that the newest key doesn't open.

    Raises:
        NoKeys: there is none.
    """
    return _sealed_otherwise().count()


def _sealed_otherwise() -> QuerySet[Connection]:
    known = ["", vault.active_key_id()]
    return Connection.objects.exclude(secret_key_id__in=known).order_by("pk")


def _reseal(connection_id: ObjectId, *, now: datetime) -> bool:
    held = Connection.objects.get(pk=connection_id)
    try:
        secret = unsealed(held)
    except vault.Unopenable:
        return False
    sealed = vault.seal(secret, connection_id=str(held.pk))
    held.secret, held.secret_key_id, held.updated_at = sealed.text, sealed.key_id, now
    held.save(update_fields=["secret", "secret_key_id", "updated_at"])
    return True


def cancel_open(connection: Connection, *, now: datetime) -> None:
    """End a sync that is open, in the caller's transaction."""
    Sync.objects.filter(open_for=str(connection.pk)).update(
        state=SyncState.CANCELED.value, open_for=None, finished_at=now, updated_at=now
    )


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


def _checked(broker: Broker, credentials: Mapping[str, str]) -> dict[str, str]:
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


def _open_account(
    broker: Broker, environment: Environment, credentials: Mapping[str, str], *, now: datetime
) -> AccountName:
    label = broker.capabilities.label
    session = broker.open(credentials, environment=environment, budget=Budget(_PATIENCE))
    try:
        return session.check()
    except (AuthExpired, Forbidden) as failure:
        raise ConnectionRefused(
            f"{label} doesn't accept this key for a {environment.label.lower()}. Copy both parts "
            "again, and check that the key belongs to this kind of account."
        ) from failure
    except RemoteFailure as failure:
        verdict = judge(failure, broker=label, retries=0, now=now)
        raise BrokerAway(verdict.message) from failure


def _seal(connection: Connection, broker: Broker, credentials: Mapping[str, str]) -> None:
    known = _checked(broker, credentials)
    sealed = vault.seal(known, connection_id=str(connection.pk))
    connection.secret, connection.secret_key_id = sealed.text, sealed.key_id
    shown = next((each for each in broker.capabilities.credentials if not each.is_secret), None)
    connection.hint = f"…{known[shown.name][-4:]}" if shown else ""


def _changeable(connection: Connection) -> Connection:
    held = Connection.objects.get(pk=connection.pk)
    if held.state in (ConnectionState.DISCONNECTED.value, ConnectionState.REMOVING.value):
        raise NotNow("The account is disconnected.")
    return held


def _move(
    connection: Connection, *, to: ConnectionState, next_sync: datetime | None, now: datetime
) -> Connection:
    def move() -> Connection:
        held = _changeable(connection)
        if to is ConnectionState.PAUSED:
            held.fence += 1
            cancel_open(held, now=now)
        elif held.state != ConnectionState.PAUSED.value:
            raise NotNow("The connection isn't paused.")
        held.state, held.next_sync_at, held.updated_at = to.value, next_sync, now
        held.save()
        return held

    return run_in_transaction(move)
