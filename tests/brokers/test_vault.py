"""Secrets of brokers: encrypted, bound to their connection, rotated, and never seen again."""

import base64
import io
import json
import logging
import zlib

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.urls import reverse

from brokers.adapters import vault
from brokers.domain.connections import ConnectionState, SyncState
from brokers.models import Connection, RawPayload
from brokers.services import connecting
from common import redis
from tests import factories, stored
from tests.brokers.patients import PATIENTS
from tests.brokers.sandboxed import connect, reloaded, sync


def key(name, byte):
    return f"{name}:{base64.b64encode(bytes([byte]) * 32).decode()}"


OLD, NEW = key("k1", 1), key("k2", 2)


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.BROKER_KEYS = OLD


def test_what_was_sealed_opens_for_its_connection_only():
    sealed = vault.seal({"secret_key": "hush"}, connection_id="a")

    assert vault.unseal(sealed, connection_id="a") == {"secret_key": "hush"}
    assert "hush" not in sealed.text + repr(sealed)
    with pytest.raises(vault.Unopenable):
        vault.unseal(sealed, connection_id="b")


def test_equal_secrets_look_different():
    first, second = (vault.seal({"a": "b"}, connection_id="a").text for _ in range(2))

    assert first != second


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", base64.b64encode(b"\1" * 80).decode()])
def test_what_was_tampered_with_does_not_open(text):
    with pytest.raises(vault.Unopenable):
        vault.unseal(vault.Sealed("k1", text), connection_id="a")


@pytest.mark.parametrize("keys", ["k1", "k1:short", f"{OLD},{OLD}", f"a b:{OLD[3:]}"])
def test_keys_that_are_none_are_refused_without_being_shown(settings, keys):
    settings.BROKER_KEYS = keys

    with pytest.raises(ImproperlyConfigured) as refused:
        vault.active_key_id()
    assert OLD[3:] not in str(refused.value)


def test_without_keys_nothing_is_connected(settings):
    settings.BROKER_KEYS = ""

    assert not vault.is_open()
    with pytest.raises(vault.NoKeys):
        vault.seal({"a": "b"}, connection_id="a")


def rotated(**options):
    out = io.StringIO()
    call_command("rotate_credentials", stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db
def test_keys_are_changed_one_after_the_other(connection, sandbox, settings):
    settings.BROKER_KEYS = f"{NEW},{OLD}"

    assert rotated(batch=1) == "1 done.\n"
    settings.BROKER_KEYS = NEW
    assert rotated() == ""

    assert sync(Connection.objects.get()).state == SyncState.OK.value


@pytest.mark.django_db
def test_a_secret_without_its_key_is_told_and_costs_no_other(connection, ada, settings):
    lost = connect(factories.make_portfolio(ada, name="Other"))
    settings.BROKER_KEYS = f"{NEW},{OLD}"
    Connection.objects.filter(pk=connection.pk).update(secret_key_id="k0")

    with pytest.raises(CommandError, match="1 can't be opened"):
        rotated(batch=1)

    assert Connection.objects.get(pk=lost.pk).secret_key_id == "k2"


@pytest.mark.django_db
def test_a_secret_that_cannot_be_opened_asks_for_a_new_key(connection, settings):
    settings.BROKER_KEYS = NEW

    failed = sync(connection)

    assert failed.state == SyncState.FAILED.value
    assert "Replace the key" in failed.error
    assert Connection.objects.get().state == ConnectionState.NEEDS_KEY.value


@pytest.mark.django_db
def test_a_swapped_secret_fails(connection, ada):
    other = connect(factories.make_portfolio(ada, name="Other"))
    Connection.objects.filter(pk=connection.pk).update(secret=other.secret)

    assert sync(Connection.objects.get(pk=connection.pk)).state == SyncState.FAILED.value


@pytest.mark.django_db
@pytest.mark.parametrize("broker", [each.broker for each in PATIENTS])
def test_no_trace_of_a_secret_is_left_anywhere(
    sandbox, portfolio, monkeypatch, caplog, browser_of, program_of, broker, ada
):
    caplog.set_level(logging.DEBUG)
    kinds = {each.broker: each for each in PATIENTS}
    patient = kinds[broker](sandbox, portfolio, monkeypatch)
    connection = patient.connection
    secrets = set(connecting.unsealed(reloaded(connection)).values())
    # The number of a query opens nothing, and is how it is told what was asked.
    secrets -= {patient.credentials.get("query_id")}
    told = ""
    for trouble in ({"status": 500}, {"status": 400}, {"status": 200}, {"status": 401}):
        patient.sandbox.break_down("status", times=None, **trouble)
        told += patient.sync().error
        told += shown(browser_of(ada), program_of(ada), connection)
        patient.sandbox.mend()

    everywhere = json.dumps(stored.everything(), default=str) + caplog.text + told
    everywhere += "".join(inflated(row.body) for row in RawPayload.objects.order_by("id"))
    for name in redis.client().keys("*"):
        everywhere += f"{name} {redis.client().dump(name)!r}"
    everywhere += repr(connection.__dict__) + repr(reloaded(connection).__dict__)
    # An address that somebody is sent to has the key of an app, which is public.
    everywhere += json.dumps([each for each in sandbox.asked if "login" not in each["path"]])

    assert len(secrets) == len(patient.credentials.keys() - {"query_id"}) + (broker == "kite")
    assert [secret for secret in secrets if secret in everywhere] == []


def shown(browser, program, connection) -> str:
    """Return what pages and the API say of a connection whose broker is in trouble."""
    place = [connection.portfolio_id, connection.pk]
    answers = [
        browser.post(reverse("connection-test", args=place), follow=True),
        browser.get(reverse("connections", args=place[:1])),
        program.post(reverse("api-connection-checks", args=place)),
        program.get(reverse("api-connection", args=place)),
    ]
    return "".join(each.content.decode() for each in answers)


def inflated(body: bytes) -> str:
    return zlib.decompress(body).decode()
