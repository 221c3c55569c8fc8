"""From instruments without an identifier to two that turn out to be one, on the real database."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from common.remote.http import Budget, HttpClient, Service
from marketdata import selectors, services, tasks
from marketdata.adapters import registry
from marketdata.adapters.openfigi.client import OpenFigiSource
from marketdata.domain.sources import Need
from marketdata.models import Instrument, MergeDismissal, SourceRun
from tests import factories, stored
from tests.factories import NOW, make_instrument, make_pair
from tests.marketdata.openfigi import AMAZON, APPLE, IBM, openfigi, row_of

pytestmark = pytest.mark.django_db

IBM_ISIN, APPLE_ISIN = "US4592001014", "US0378331005"


@pytest.fixture
def directory():
    with openfigi() as started:
        started.known = {
            IBM_ISIN: [row_of(IBM), row_of(IBM, exchCode="GY")],
            ("AMZN", "US"): [row_of(AMAZON)],
            ("AAPL", "US"): [row_of(APPLE)],
        }
        yield started


@pytest.fixture
def source_of(directory):
    """Return the directory as a new worker asks it."""

    def build(most=10):
        service = Service(name=f"openfigi-{uuid4().hex}", base_url=directory.url)
        client = HttpClient(service, budget=Budget(left=0))
        return OpenFigiSource(client, most_at_once=most)

    return build


@pytest.fixture
def instruments(ada):
    make_instrument("IBM", mic="XNYS", isin=IBM_ISIN)
    make_instrument("AMZN")
    make_instrument("NONE")
    # A share class is nothing that these have, or nobody may be told of them.
    make_pair()
    make_instrument("BTC", mic="", asset_class="crypto")
    make_instrument("GONE", is_active=False)
    make_instrument("HOUSE", mic="", owner=ada, isin=APPLE_ISIN)
    make_instrument("ANY", mic="")


def identify(*sources, now=NOW):
    return services.identify_instruments(sources, clock=lambda: now)


def figis():
    found = Instrument.objects.exclude(share_class_figi="")
    return {each.symbol: each.share_class_figi for each in found}


def run_of():
    return SourceRun.objects.get(source="openfigi", need=Need.IDENTITY.value)


def test_what_lacks_it_is_asked_about_once(directory, source_of, instruments):
    assert identify(source_of()) == 2
    assert identify(source_of()) == 0

    assert figis() == {"IBM": IBM[0], "AMZN": AMAZON[0]}
    (jobs,) = directory.jobs
    assert sorted(job["idValue"] for job in jobs) == ["AMZN", "NONE", IBM_ISIN]
    assert (run_of().state, run_of().written) == (SourceRun.OK, 2)


def test_what_was_unknown_is_asked_about_again_a_month_later(directory, source_of, instruments):
    identify(source_of())
    directory.known["NONE", "US"] = [row_of(APPLE)]

    assert identify(source_of(), now=NOW + services.ASKED_AGAIN) == 0
    assert identify(source_of(), now=NOW + services.ASKED_AGAIN + timedelta(days=1)) == 1


def test_a_run_goes_on_where_the_last_one_had_to_stop(directory, source_of, instruments):
    directory.left = 2

    identify(source_of(most=1))

    assert run_of().state == SourceRun.PARTIAL
    assert "too often" in run_of().detail
    assert Instrument.objects.filter(identified_at__isnull=False).count() == 2

    directory.left = 100
    identify(source_of(most=1))

    assert figis() == {"IBM": IBM[0], "AMZN": AMAZON[0]}
    asked = [job["idValue"] for jobs in directory.jobs for job in jobs]
    # Only what got no answer was asked about twice.
    assert len(asked) == 4
    assert asked[2] == asked[3]
    assert sorted(set(asked)) == ["AMZN", "NONE", IBM_ISIN]


def test_a_directory_that_is_down_changes_nothing(directory, source_of, instruments):
    directory.url = "http://127.0.0.1:1"

    assert identify(source_of()) == 0

    assert figis() == {}
    assert not Instrument.objects.filter(identified_at__isnull=False).exists()
    assert run_of().state == SourceRun.FAILED


def test_what_is_not_certain_is_told_to_staff_and_not_stored(directory, source_of, instruments):
    directory.known[IBM_ISIN] = [row_of(IBM), row_of(APPLE)]

    assert identify(source_of()) == 1

    assert "IBM" not in figis()
    assert run_of().state == SourceRun.PARTIAL
    assert "XNYS:IBM:USD: it may be any of" in run_of().detail


def test_nobody_is_asked_until_somebody_is_named(directory, source_of, instruments, settings):
    tasks.identify_instruments()
    assert directory.jobs == []

    settings.IDENTITY_SOURCES = ["bloomberg"]
    with pytest.raises(ImproperlyConfigured, match="it can name openfigi"):
        registry.identity_sources()


def test_the_job_asks_whom_the_settings_name(
    directory, source_of, instruments, settings, monkeypatch
):
    settings.IDENTITY_SOURCES = ["openfigi"]
    monkeypatch.setitem(registry._IDENTITY_BUILDERS, "openfigi", source_of)

    tasks.identify_instruments()

    assert figis() == {"IBM": IBM[0], "AMZN": AMAZON[0]}


class TestSuggestions:
    """Two that turn out to be one are suggested for merging."""

    @pytest.fixture
    def staff(self, bo, browser_of):
        bo.is_staff = bo.is_superuser = True
        bo.save()
        return browser_of(bo)

    @pytest.fixture
    def doubled(self, directory, source_of):
        """Make Apple once by its ISIN, once by its symbol, and what only looks alike."""
        directory.known[APPLE_ISIN] = directory.known["AAPL", "US"]
        first = make_instrument("APPLE", isin=APPLE_ISIN)
        second = make_instrument("AAPL")
        make_instrument("APC", mic="XETR", currency="EUR", isin=APPLE_ISIN)
        make_instrument("AAPLX", currency="EUR", isin=APPLE_ISIN)
        return first, second

    def pairs(self):
        return [
            (each.first.symbol, each.second.symbol, each.by)
            for each in selectors.list_suggested_merges()
        ]

    def test_they_share_identifier_market_and_currency(self, doubled, source_of):
        assert self.pairs() == []

        identify(source_of())

        assert self.pairs() == [("APPLE", "AAPL", f"share class FIGI {APPLE[0]}")]

    def test_an_isin_is_enough(self, doubled):
        make_instrument("APPL", isin=APPLE_ISIN)

        assert self.pairs() == [("APPLE", "APPL", f"ISIN {APPLE_ISIN}")]

    def test_staff_merge_them_from_the_list(self, doubled, source_of, staff, bo):
        identify(source_of())
        merges = reverse("admin:marketdata_instrumentmerge_changelist")
        page = staff.get(merges).content.decode()
        first, second = doubled
        assert "These look like one instrument" in page
        assert f'name="_selected_action" value="{first.pk}"' in page

        chosen = {"action": "merge", "_selected_action": [str(first.pk), str(second.pk)]}
        instruments = reverse("admin:marketdata_instrument_changelist")
        assert "Merge them" in staff.post(instruments, chosen).content.decode()
        staff.post(instruments, chosen | {"into": str(second.pk)})

        first.refresh_from_db()
        assert first.merged_into == second
        assert self.pairs() == []
        assert "These look like one instrument" not in staff.get(merges).content.decode()

    def test_what_staff_correct_is_asked_about_anew(self, doubled, source_of, staff):
        identify(source_of())
        _, second = doubled
        second.refresh_from_db()
        address = reverse("admin:marketdata_instrument_change", args=[second.pk])
        same = {
            "symbol": "AAPL", "name": "Apple", "isin": "", "mic": "XNAS", "asset_class": "stock",
            "weights": "null", "is_active": "on",
        }  # fmt: skip

        assert staff.post(address, same).status_code == 302
        second.refresh_from_db()
        assert second.share_class_figi == APPLE[0]
        assert staff.post(address, same | {"isin": IBM_ISIN}).status_code == 302

        second.refresh_from_db()
        assert (second.share_class_figi, second.identified_at) == ("", None)
        identify(source_of())
        second.refresh_from_db()
        assert second.share_class_figi == IBM[0]

    def dismiss(self, staff, first, second):
        body = {"first": str(first.pk), "second": str(second.pk)}
        address = reverse("admin:marketdata_instrumentmerge_dismiss")
        return staff.post(address, body, follow=True).content.decode()

    def test_staff_say_that_they_are_two_and_take_it_back(self, doubled, source_of, staff, bo):
        identify(source_of())
        first, second = doubled

        page = self.dismiss(staff, second, first)
        self.dismiss(staff, first, second)

        assert "are two, and no longer suggested" in page
        assert self.pairs() == []
        identify(source_of())
        assert self.pairs() == []
        row = MergeDismissal.objects.get()
        assert (row.first_id, row.second_id, row.dismissed_by_id) == (first.pk, second.pk, bo.pk)
        assert row.by == f"share class FIGI {APPLE[0]}"
        listed = reverse("admin:marketdata_mergedismissal_changelist")
        assert bo.email in staff.get(listed).content.decode()

        staff.post(listed, {"action": "suggest", "_selected_action": [str(row.pk)]})

        assert [pair[:2] for pair in self.pairs()] == [("APPLE", "AAPL")]
        assert MergeDismissal.objects.count() == 0

    def test_of_three_the_others_are_still_suggested(self, doubled, staff):
        one, other = (make_instrument(symbol, isin=APPLE_ISIN) for symbol in ("APPL", "APL"))
        assert [pair[:2] for pair in self.pairs()] == [("APPLE", "APL"), ("APPLE", "APPL")]

        self.dismiss(staff, doubled[0], other)

        assert [pair[:2] for pair in self.pairs()] == [("APPL", "APL"), ("APPLE", "APPL")]
        self.dismiss(staff, one, other)
        assert [pair[:2] for pair in self.pairs()] == [("APPLE", "APPL")]

    def test_what_was_dismissed_makes_room_for_others(self, staff, monkeypatch, bo):
        monkeypatch.setattr("marketdata.selectors.merging._MOST_SUGGESTED", 1)
        for isin in (APPLE_ISIN, "US5949181045"):
            for number in range(2):
                make_instrument(f"{isin[-4:]}{number}", isin=isin)
        (first,) = self.pairs()

        for each in selectors.list_suggested_merges():
            services.dismiss_suggestion(each.first.pk, each.second.pk, user_id=bo.pk, now=NOW)

        (second,) = self.pairs()
        assert first[2] != second[2]

    def test_only_what_is_suggested_is_dismissed_by_whoever_may(
        self, doubled, staff, browser_of, source_of
    ):
        identify(source_of())
        before = stored.everything()
        first, second = doubled

        assert "Nobody suggests that" in self.dismiss(staff, first, make_instrument("OTHER"))
        address = reverse("admin:marketdata_instrumentmerge_dismiss")
        assert (
            "Choose two"
            in staff.post(address, {"first": str(first.pk)}, follow=True).content.decode()
        )
        assert staff.get(address).status_code == 405
        helper = browser_of(factories.make_user("helper@example.test", is_staff=True))
        body = {"first": str(first.pk), "second": str(second.pk)}
        assert helper.post(address, body).status_code == 403
        names = ("marketdata_mergedismissal", "marketdata_instrumentmerge")
        after = stored.everything()
        assert [after[name] for name in names] == [before[name] for name in names]


def test_it_is_told_on_the_page_and_over_the_api(
    directory, source_of, instruments, ada, browser_of, program_of
):
    identify(source_of())
    ibm = Instrument.objects.get(symbol="IBM")

    page = browser_of(ada).get(reverse("instrument", args=[ibm.pk])).content.decode()
    told = program_of(ada).get(reverse("api-instrument", args=[ibm.pk])).json()

    assert IBM[0] in page
    assert told["share_class_figi"] == IBM[0]
