"""What couldn't be read or booked is kept, and what is stored can be read again."""

import json
import zlib
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from brokers.adapters.brokers import get_broker
from brokers.domain.connections import SyncState
from brokers.models import BrokerRow, DeadLetter, RawPayload, Sync
from brokers.services import posting, replaying, syncing
from common import clock
from common.remote.errors import Schema
from portfolios.models import Transaction
from portfolios.services import ledger
from tests import factories
from tests.brokers.sandboxed import assert_equals_truth, sync

pytestmark = pytest.mark.django_db
ACTIVITIES = "/v2/account/activities"


@pytest.fixture
def staff(db, browser_of):
    return browser_of(factories.make_user("root@example.test", is_staff=True, is_superuser=True))


def replay(connection):
    asked, is_new = replaying.request_replay(connection, now=clock.now())
    assert is_new
    return syncing.run(asked.pk, clock=clock.now)


def choose(staff, model, action, rows):
    return staff.post(
        reverse(f"admin:brokers_{model}_changelist"),
        {"action": action, "_selected_action": [str(row.pk) for row in rows]},
        follow=True,
    ).content.decode()


def ledger_of(connection):
    rows = Transaction.objects.filter(portfolio_id=connection.portfolio_id).order_by("pk")
    return list(rows.values_list("pk", "revision", "is_void", "kind", "quantity", "amount"))


def reading_otherwise(monkeypatch, change):
    """Let the reading make of each answer what `change` makes of its rows."""
    broker = get_broker("alpaca")
    whole = broker.read

    def read(stream, body):
        rows = json.loads(body)
        if isinstance(rows, list):
            body = json.dumps([change(dict(row)) for row in rows]).encode()
        return whole(stream, body)

    monkeypatch.setattr(type(broker), "read", lambda _self, stream, body: read(stream, body))


def test_a_replay_of_what_is_booked_changes_nothing_and_asks_nobody(connection, sandbox, ada):
    sandbox.reset(activities=130)
    sync(connection)
    canceled = sandbox.book("pay", kind="DIV", symbol="KO", amount="3")
    sync(connection)
    sandbox.book("cancel", key=canceled["id"])
    sync(connection)
    edited = Transaction.objects.filter(kind="buy").order_by("pk").first()
    ledger.void_transaction(
        edited.portfolio_id, transaction_id=edited.pk, revision=1, changed_by=ada.pk,
        now=clock.now(),
    )  # fmt: skip
    before, asked = ledger_of(connection), len(sandbox.asked)

    done = replay(connection)

    assert (done.state, done.rows_new, done.rows_changed) == (SyncState.OK.value, 0, 0)
    assert done.rows_known == BrokerRow.objects.count()
    assert ledger_of(connection) == before
    assert len(sandbox.asked) == asked


def test_a_mended_reading_makes_good_what_it_got_wrong(connection, sandbox, monkeypatch, ada):
    sandbox.reset(activities=60)
    with monkeypatch.context() as patched:
        # All trades at one price, and all that isn't a trade as money taken out.
        reading_otherwise(
            patched,
            lambda row: row | ({"price": "9"} if "price" in row else {"activity_type": "CSW"}),
        )
        sync(connection)
    mine = Transaction.objects.filter(kind="buy").order_by("pk").first()
    ledger.edit_transaction(
        mine.portfolio_id,
        transaction_id=mine.pk,
        draft=factories.buy(mine.instrument, "1", "7"),
        revision=1,
        changed_by=ada.pk,
        now=clock.now(),
    )

    done = replay(connection)

    assert done.rows_changed > 0
    mine.refresh_from_db()
    assert (mine.price, mine.is_void) == (Decimal(7), False)
    kinds = set(Transaction.objects.filter(is_void=False).values_list("kind", flat=True))
    assert kinds >= {"deposit", "buy", "sell"}
    assert "withdrawal" not in kinds
    rows = Transaction.objects.filter(is_void=False)
    assert rows.count() == len(sandbox.truth["events"])
    again = replay(connection)
    assert (again.rows_new, again.rows_changed) == (0, 0)


def test_a_row_that_is_poison_waits_with_what_was_raised_and_is_replayed(
    connection, sandbox, monkeypatch, staff
):
    sandbox.book("pay", kind="CSD", amount="1000")
    for price in ("10", "11"):
        sandbox.book("fill", symbol="AAPL", side="buy", qty="1", price=price)
    draft_of = posting.draft_of

    def poisoned(event, **more):
        if event.price == Decimal(11):
            raise ValueError("what is this?")
        return draft_of(event, **more)

    with monkeypatch.context() as patched:
        patched.setattr(posting, "draft_of", poisoned)
        sync(connection)
        letter = DeadLetter.objects.get()
        assert (letter.stage, letter.failure, letter.attempts) == ("booking", "ValueError", 1)
        assert letter.adapter_version == get_broker("alpaca").capabilities.reading_version
        choose(staff, "deadletter", "replay", [letter])
        letter.refresh_from_db()
        assert (letter.state, letter.attempts) == ("waiting", 2)
        page = staff.get(reverse("admin:brokers_deadletter_changelist")).content.decode()
        assert "1 waits, the oldest since" in page

    assert "1 read again" in choose(staff, "deadletter", "replay", [letter])
    letter.refresh_from_db()
    assert letter.state == "done"
    assert_equals_truth(connection, sandbox)


def test_a_row_that_cannot_be_read_waits_until_a_sync_reads_it(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sandbox.book("fill", symbol="AAPL", side="buy", qty="1", price="10")
    sandbox.break_down("drift", ACTIVITIES, times=1, row=1, fields={"price": "much"})
    sync(connection)
    assert (DeadLetter.objects.get().stage, DeadLetter.objects.get().state) == ("row", "waiting")

    sync(connection)

    assert DeadLetter.objects.get().state == "done"
    assert_equals_truth(connection, sandbox)


def test_an_answer_that_cannot_be_read_waits_whole(connection, sandbox, monkeypatch, staff):
    sandbox.book("pay", kind="CSD", amount="1000")

    def no_reading(_self, _stream, _body):
        raise KeyError("brand_new")

    with monkeypatch.context() as patched:
        patched.setattr(type(get_broker("alpaca")), "read", no_reading)
        hurt = sync(connection)
        assert hurt.state == SyncState.FAILED.value
        letter = DeadLetter.objects.get(stream="activities")
        assert (letter.stage, letter.failure) == ("page", "KeyError")
        with pytest.raises(Schema):
            replaying.replay_letter(letter, now=clock.now())
        letter.refresh_from_db()
        assert letter.attempts == 2

    choose(staff, "deadletter", "replay", DeadLetter.objects.all())

    assert set(DeadLetter.objects.values_list("state", flat=True)) == {"done"}
    assert_equals_truth(connection, sandbox)
    assert sync(connection).rows_new == 0


def test_a_letter_whose_answer_is_gone_says_so(connection, sandbox, staff):
    sandbox.book("fill", symbol="AAPL", side="buy", qty="1", price="10")
    sandbox.break_down("drift", ACTIVITIES, times=1, fields={"price": "much"})
    sync(connection)
    RawPayload.objects.all().delete()

    page = choose(staff, "deadletter", "replay", DeadLetter.objects.all())

    assert "has been deleted" in page
    assert DeadLetter.objects.get().state == "waiting"


def test_staff_and_the_command_line_have_answers_read_again(connection, sandbox, staff):
    sandbox.book("pay", kind="CSD", amount="1000")
    sync(connection)
    BrokerRow.objects.all().delete()
    Transaction.objects.all().delete()

    assert "1 begun" in choose(staff, "connection", "read_again", [connection])
    assert Sync.objects.filter(trigger="replay", state="ok", rows_new=1).exists()
    said = StringIO()
    call_command("replay_answers", broker="alpaca", stdout=said)
    assert "0 new, 0 changed, 1 known" in said.getvalue()
    assert_equals_truth(connection, sandbox)
    for wrong in ("zzz", "0" * 24):
        with pytest.raises(CommandError):
            call_command("replay_answers", connection=wrong)


def test_stored_answers_are_what_came(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sync(connection)

    bodies = [zlib.decompress(each.body) for each in RawPayload.objects.filter(stream="cash")]

    assert [json.loads(body)["cash"] for body in bodies] == ["1000"]
