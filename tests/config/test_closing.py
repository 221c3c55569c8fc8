"""Accounts that are deleted: nothing of them stays, and nothing of anybody else goes."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from axes.models import AccessAttempt
from bson.json_util import dumps
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import reverse
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from brokers.services import committing, intake, reading
from common import clock
from config import closing
from marketdata.domain.instruments import AssetClass
from marketdata.models import Instrument, PriceBar
from marketdata.services import create_instrument
from portfolios.services import ledger, portfolios, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy

pytestmark = pytest.mark.django_db

FILE = b"date,type,symbol,quantity,price,amount,currency\n2026-01-05,buy,HERS,1,5,,USD\n"
ADMIN_DELETE = "admin:accounts_user_delete"


def with_everything(user: User, client) -> User:
    """Give somebody one of each thing that can belong to a person."""
    shared = Instrument.objects.filter(symbol="ACME").first() or factories.make_instrument("ACME")
    house = create_instrument(
        user.pk,
        symbol="HOUSE",
        name="My house",
        currency="USD",
        asset_class=AssetClass.OTHER,
        now=NOW,
    )
    factories.make_closes(house, {"2026-02-25": "10"})
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    user.groups.add(Group.objects.get_or_create(name="friends")[0])
    portfolio = factories.make_portfolio(user)
    recorded = ledger.record_transaction(portfolio.pk, draft=buy(house, "1", "9"), now=NOW)
    ledger.record_transaction(portfolio.pk, draft=buy(shared, "1", "9"), now=NOW)
    ledger.edit_transaction(
        portfolio.pk,
        transaction_id=recorded.pk,
        draft=buy(house, "2", "9"),
        revision=1,
        changed_by=user.pk,
        now=NOW,
    )
    import_file(user, portfolio)
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)
    client.post(reverse("account_logout"))
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr=str(user),
        action_flag=2,
    )
    return user


def import_file(user, portfolio):
    run = intake.open_import(
        portfolio.pk,
        owner_id=user.pk,
        file_name=f"{user.email}.csv",
        chunks=[FILE],
        creates_instruments=True,
        now=NOW,
    )
    reading.read(run.pk, row_limit=10, clock=clock.now)
    run.refresh_from_db()
    committing.request_commit(run, now=NOW)
    committing.commit(run.pk, clock=clock.now)


def documents() -> dict[str, list[str]]:
    """Return everything that is stored, by collection, as texts."""
    database = connection.database  # type: ignore[attr-defined]
    return {
        name: [dumps(each, sort_keys=True) for each in database[name].find().sort("_id")]
        for name in database.list_collection_names()
        if not name.startswith("system.")
    }


def traces_of(user_id, email) -> list[str]:
    return [
        f"{name}: {text}"
        for name, texts in documents().items()
        for text in texts
        if str(user_id) in text or email in text
    ]


@pytest.fixture(autouse=True)
def _no_files(db):
    """Begin without files of other tests; nothing empties what isn't a model's."""
    for name in ("files", "chunks"):
        connection.database[f"import_payloads.{name}"].drop()


@pytest.fixture
def her(ada, browser_of):
    """Ada with one of everything, signed in twice, once in the past."""
    with_everything(ada, browser_of(ada))
    browser_of(ada)
    AccessAttempt.objects.create(username=ada.email, failures_since_start=1)
    return ada


def test_nothing_of_a_deleted_account_is_left_in_any_collection(her):
    key, email = her.pk, her.email
    assert {trace.partition(":")[0] for trace in traces_of(key, email)} == {
        "account_emailaddress",
        "accounts_user",
        "accounts_user_groups",
        "axes_accessattempt",
        "axes_accesslog",
        "brokers_importrun",
        "django_admin_log",
        "import_payloads.files",
        "marketdata_instrument",
        "portfolios_portfolio",
        "portfolios_transactionrevision",
    }

    closing.delete_account(her)

    assert traces_of(key, email) == []
    # What these hold is packed or in pieces, so that a search would find nothing in any case.
    assert not Session.objects.exists()
    left = {name: texts for name, texts in documents().items() if texts}
    assert not {"import_payloads.files", "import_payloads.chunks"} & left.keys()
    assert not {name for name in left if name.startswith(("portfolios_", "brokers_"))}
    assert [each.symbol for each in Instrument.objects.all()] == ["ACME"]
    assert not PriceBar.objects.exists()


def test_nothing_of_anybody_else_goes(bo, browser_of):
    with_everything(bo, browser_of(bo))
    signed_in = browser_of(bo)
    before = documents()
    cy = factories.make_user("cy@example.test")
    with_everything(cy, browser_of(cy))

    closing.delete_account(cy)

    assert documents() == before
    assert signed_in.get(reverse("overview")).status_code == 200


def test_tokens_and_sessions_end_with_the_account(her, browser_of, client):
    browser, token = browser_of(her), AccessToken.for_user(her)

    closing.delete_account(her)

    assert browser.get(reverse("overview")).status_code == 302
    answer = client.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert answer.status_code == 401


def test_a_deletion_that_broke_off_is_taken_up_where_it_stopped(her, monkeypatch):
    key, email = her.pk, her.email

    def fail(_owner_id):
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(closing.market, "delete_own_instruments", fail)
        with pytest.raises(ZeroDivisionError):
            closing.delete_account(her)
    assert not User.objects.get(pk=key).is_active

    closing.delete_account(User.objects.get(pk=key))

    assert traces_of(key, email) == []


def test_a_deleted_portfolio_takes_the_files_of_its_imports_along(ada):
    portfolio = factories.make_portfolio(ada)
    import_file(ada, portfolio)

    portfolios.delete_portfolio(portfolio.pk)

    assert documents()["import_payloads.files"] == documents()["import_payloads.chunks"] == []


class TestInTheBackOffice:
    """What staff can do about accounts."""

    @pytest.fixture
    def root(self, db):
        return User.objects.create_superuser("root@example.test", "correct horse battery staple")

    @pytest.fixture
    def staff(self, root, browser_of):
        return browser_of(root)

    def test_a_closed_account_can_be_deleted(self, her, staff, root):
        key, email = her.pk, her.email
        address = reverse(ADMIN_DELETE, args=[key])

        asked = staff.get(address)
        answer = staff.post(address, {"post": "yes"})

        assert "Long term" in asked.content.decode()
        assert answer.status_code == 302
        assert traces_of(key, email) == []
        (entry,) = LogEntry.objects.all()
        assert (entry.user_id, entry.is_deletion()) == (root.pk, True)

    def test_chosen_accounts_can_be_deleted(self, her, bo, staff):
        form = {"action": "delete_selected", "_selected_action": [str(her.pk), str(bo.pk)]}

        staff.post(reverse("admin:accounts_user_changelist"), form | {"post": "yes"})

        assert [user.email for user in User.objects.all()] == ["root@example.test"]

    def test_nobody_deletes_themselves(self, staff, root, bo):
        form = {"action": "delete_selected", "_selected_action": [str(root.pk), str(bo.pk)]}

        alone = staff.post(reverse(ADMIN_DELETE, args=[root.pk]), {"post": "yes"})
        among = staff.post(reverse("admin:accounts_user_changelist"), form | {"post": "yes"})

        assert {alone.status_code, among.status_code} == {403}
        assert User.objects.count() == 2

    def test_staff_cannot_delete_a_superuser(self, root, bo, browser_of):
        create_permissions(apps.get_app_config("accounts"), verbosity=0)
        clerk = factories.make_user("clerk@example.test", is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="delete_user"))
        client = browser_of(clerk)

        refused = client.post(reverse(ADMIN_DELETE, args=[root.pk]), {"post": "yes"})
        done = client.post(reverse(ADMIN_DELETE, args=[bo.pk]), {"post": "yes"})

        assert (refused.status_code, done.status_code) == (403, 302)
        assert {user.pk for user in User.objects.all()} == {root.pk, clerk.pk}

    def test_it_bears_the_name_of_the_site_and_leads_back_to_it(self, staff):
        page = staff.get("/admin/").content.decode()

        assert "Django" not in page
        assert "Livefolio" in page
        assert f'href="{reverse("overview")}"' in page
