"""Let people in on a broker's own page: send them there, take them back, tell when it's time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bson import ObjectId
from django.db import IntegrityError

from brokers.adapters.brokers import get_broker
from brokers.adapters.contract import Broker, Login
from brokers.domain.connections import ConnectionState
from brokers.domain.failures import judge
from brokers.models import Connection
from brokers.services.connecting import (
    AlreadyConnected,
    BrokerAway,
    ConnectionRefused,
    NotNow,
    OtherAccount,
    changeable,
    environment_of,
    name_account,
    open_account,
    seal,
    unsealed,
)
from common.remote.errors import AuthExpired, Forbidden, RemoteFailure
from common.transactions import run_in_transaction

#: A broker that ends logins every day isn't spoken of more often.
_TOLD_EVERY = timedelta(hours=20)


def address(connection: Connection, *, state: str) -> str:
    """Return where to send the owner to log in; `state` comes back with them.

    Raises:
        NotNow: the connection has ended, or its broker has no such page.
        Unopenable: the secret can't be opened.
    """
    broker = get_broker(connection.broker)
    if not connection.secret:
        raise NotNow("The account is disconnected.")
    environment = environment_of(connection, broker)
    return _login_of(broker).address(unsealed(connection), environment=environment, state=state)


def complete(connection: Connection, *, ticket: Mapping[str, str], now: datetime) -> Connection:
    """Exchange what the owner came back with, and sync from now on.

    Args:
        ticket: the query of the address that they came back to.

    Raises:
        ConnectionRefused: the broker doesn't take the ticket or the credentials.
        OtherAccount: somebody logged in to another account than before.
        AlreadyConnected: another connection fills the portfolio from this account.
        NotNow: the connection has ended.
        Unavailable: the secret can't be opened, or the broker can't be asked at the moment.
    """
    broker = get_broker(connection.broker)
    environment = environment_of(connection, broker)
    known = unsealed(changeable(connection))
    try:
        admission = _login_of(broker).admit(known, environment=environment, ticket=ticket, now=now)
    except (AuthExpired, Forbidden) as failure:
        raise ConnectionRefused(
            f"{broker.capabilities.label} didn't let Livefolio in. Check the key and its secret "
            "under “Replace the key”, then log in again."
        ) from failure
    except RemoteFailure as failure:
        verdict = judge(failure, broker=broker.capabilities.label, retries=0, now=now)
        raise BrokerAway(verdict.message) from failure
    secret = {**known, **admission.secret}
    account = open_account(broker, environment, secret, now=now)
    if connection.account_number and account.number != connection.account_number:
        raise OtherAccount

    def store() -> Connection:
        held = changeable(connection)
        seal(held, broker, secret)
        if not held.account_number:
            name_account(held, broker, account)
        if held.state != ConnectionState.PAUSED.value:
            held.state, held.next_sync_at = ConnectionState.ACTIVE.value, now
        held.login_until, held.updated_at = admission.until, now
        held.save()
        return held

    try:
        return run_in_transaction(store)
    except IntegrityError as error:
        raise AlreadyConnected from error


def claim_notice(connection_id: ObjectId, *, now: datetime) -> Connection | None:
    """Return a connection whose owner is to be told to log in; None if they were told already."""

    def claim() -> Connection | None:
        held = Connection.objects.filter(
            pk=connection_id, state=ConnectionState.NEEDS_LOGIN.value
        ).first()
        if held is None or (held.told_at and now - held.told_at < _TOLD_EVERY):
            return None
        held.told_at = now
        held.save(update_fields=["told_at"])
        return held

    return run_in_transaction(claim)


def _login_of(broker: Broker) -> Login:
    if broker.login is None:
        raise NotNow(f"{broker.capabilities.label} is opened by a key alone.")
    return broker.login
