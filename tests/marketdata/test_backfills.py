"""Histories of closes are filled in, on the real database, whatever happens to worker or source."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from bson import ObjectId
from django.urls import reverse

from accounts.models import User
from common import clock
from common.remote.errors import Forbidden, RateLimited, Transient
from marketdata import histories, selectors, tasks
from marketdata.adapters.base import DailyClose
from marketdata.domain.backfills import MOST_RETRIES, BackfillState, Trigger
from marketdata.events import closes_filled
from marketdata.models import Backfill, PriceBar
from marketdata.services import backfills
from tests import factories
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db

START, END = TODAY - timedelta(days=30), TODAY - timedelta(days=1)


class Archive:
    """A source that knows a close of each day but Sundays, a few days a question."""

    def __init__(self, name="archive", *, most_days=7, price=1, knows=True):
        self.name = name
        self.most_days = most_days
        self.price = price
        self.knows = knows
        self.asked = []
        #: What the next questions meet, one after the other.
        self.failures = []

    def daily_closes(self, listing, *, start, end):
        self.asked.append((start, end))
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        days = [start + timedelta(days=count) for count in range((end - start).days + 1)]
        found = [DailyClose(day, Decimal(self.price)) for day in days if day.weekday() < 6]
        return found if self.knows else []


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


@pytest.fixture
def heard():
    """Collect from which day on histories have changed."""
    days = []

    def hear(*, from_date, **_more):
        days.append(from_date)

    closes_filled.connect(hear)
    yield days
    closes_filled.disconnect(hear)


def request(instrument, *, start=START, end=END, trigger=Trigger.STAFF):
    return backfills.request_backfill(instrument.pk, start=start, end=end, trigger=trigger, now=NOW)


def run(job, *sources, now=NOW):
    return backfills.run(job.pk, sources=sources, clock=lambda: now)


def stored(instrument):
    return dict(
        PriceBar.objects.filter(instrument=instrument).order_by("date").values_list("date", "close")
    )


def expected(price=1):
    days = [START + timedelta(days=count) for count in range(30)]
    return {day: Decimal(price) for day in days if day.weekday() < 6}


def test_a_history_is_asked_for_in_chunks_and_stored(acme, heard):
    source = Archive(most_days=7)

    job, is_new = request(acme)
    done = run(job, source)

    assert is_new
    assert [(end - start).days + 1 for start, end in source.asked] == [7, 7, 7, 7, 2]
    assert stored(acme) == expected()
    assert (done.state, done.written, done.source) == ("done", 25, "archive")
    assert heard == [START]
    acme.refresh_from_db()
    assert acme.last_close_date == max(expected())
    assert run(job, source) is None


def test_closes_that_are_there_stay_as_they_are(acme, heard):
    known = END - timedelta(days=3)
    factories.make_closes(acme, {str(known): "99", str(TODAY): "100"})

    run(request(acme)[0], Archive())

    assert stored(acme)[known] == 99
    acme.refresh_from_db()
    assert (acme.last_close, acme.last_close_date) == (100, TODAY)
    run(request(acme)[0], Archive(price=2))
    assert set(stored(acme).values()) == {1, 99, 100}
    # The second time nothing was new.
    assert heard == [START]


def test_the_chosen_source_is_asked_and_the_next_stands_in_chunk_by_chunk(acme):
    acme.sources = {"bars": ["first", "second"]}
    acme.save()
    first, second = Archive("first", price=1), Archive("second", price=2, most_days=15)
    other = Archive("other", price=3)
    first.failures = [None, Transient("away")]

    done = run(request(acme)[0], other, second, first)

    assert [len(each.asked) for each in (first, second, other)] == [5, 1, 0]
    assert set(stored(acme).values()) == {1, 2}
    assert done.state == "done"


def test_a_second_request_joins_the_open_one_and_makes_it_longer(acme):
    job, _ = request(acme, start=END - timedelta(days=5))

    same, is_more = request(acme, start=END - timedelta(days=3))
    wider, is_wider = request(acme, start=START)

    assert (same.pk, is_more) == (job.pk, False)
    assert (wider.pk, is_wider, wider.start, wider.next_date) == (job.pk, True, START, START)
    run(job, Archive())
    assert stored(acme) == expected()
    # What is done isn't joined.
    assert request(acme)[0].pk != job.pk


@pytest.mark.parametrize(("start", "end"), [(TODAY, TODAY), (END, START), (date(1960, 1, 1), END)])
def test_days_that_make_no_sense_are_refused(acme, start, end):
    with pytest.raises(backfills.BackfillRefused):
        request(acme, start=start, end=end)


def test_nobodys_and_somebodys_own_instruments_have_no_history_to_ask_for(ada):
    own = factories.make_instrument("HOUSE", owner=ada, mic="")

    for key in (own.pk, ObjectId()):
        with pytest.raises(selectors.InstrumentNotFound):
            backfills.request_backfill(key, start=START, end=END, trigger=Trigger.STAFF, now=NOW)


class TestFailures:
    """What a source or a worker does in the middle of it."""

    def test_it_waits_and_goes_on_where_it_stood(self, acme):
        source = Archive()
        source.failures = [None, None, Transient("away")]

        put_off = run(request(acme)[0], source)
        early = run(put_off, source, now=NOW + timedelta(seconds=59))
        asked_before = len(source.asked)
        done = run(put_off, source, now=NOW + timedelta(seconds=60))

        assert (put_off.state, put_off.retry_at) == ("waiting", NOW + timedelta(minutes=1))
        assert "away" in put_off.error
        assert early is None
        assert (done.state, done.error, len(source.asked)) == ("done", "", asked_before + 3)
        assert stored(acme) == expected()

    def test_being_told_to_wait_is_waited_for_and_is_no_failure(self, acme):
        source = Archive()
        until = NOW + timedelta(minutes=17)
        source.failures = [RateLimited("Too often.", until=until)]

        put_off = run(request(acme)[0], source)

        assert (put_off.state, put_off.retries, put_off.retry_at) == ("waiting", 0, until)

    def test_it_is_given_up_after_many_failures_and_can_be_asked_for_again(self, acme):
        source = Archive()
        source.failures = [Forbidden("The plan hasn't it.")] * (MOST_RETRIES + 1)
        job, now = request(acme)[0], NOW

        for _ in range(MOST_RETRIES + 1):
            job = run(job, source, now=now)
            now += timedelta(hours=1)

        assert (job.state, job.error) == ("failed", "archive: The plan hasn't it.")
        assert run(request(acme)[0], source).state == "done"

    def test_a_source_that_knows_nothing_is_no_failure(self, acme, heard):
        done = run(request(acme)[0], Archive(knows=False))

        assert (done.state, done.written, done.source, heard) == ("done", 0, "", [])

    def test_one_that_failed_may_have_known_what_the_other_does_not(self, acme):
        first, second = Archive("first"), Archive("second", knows=False)
        first.failures = [Transient("away")]

        assert run(request(acme)[0], first, second).state == "waiting"

    def test_without_a_source_it_fails_and_says_so(self, acme):
        failed = run(request(acme)[0])

        assert (failed.state, failed.error[:9]) == ("failed", "No source")

    @pytest.mark.parametrize("before", [True, False])
    @pytest.mark.parametrize("at_call", [1, 3])
    @pytest.mark.parametrize("name", ["take_on", "_ask", "_insert_missing", "_change", "_store"])
    def test_a_worker_that_dies_at_any_step_loses_and_doubles_nothing(
        self, acme, heard, monkeypatch, name, at_call, before
    ):
        job, _ = request(acme)
        with monkeypatch.context() as patched:
            dying(patched, name, at_call=at_call, before=before)
            try:
                run(job, Archive())
            except Killed:
                pass
            else:
                assert (name, at_call) == ("take_on", 3)

        done = run(job, Archive(), now=NOW + backfills.LEASE) or reloaded(job)

        assert (done.state, done.written) == ("done", 25)
        assert stored(acme) == expected()
        assert heard[-1] == START

    def test_who_follows_is_told_again_when_following_failed(self, acme):
        told = []

        def follow(*, from_date, **_more):
            told.append(from_date)
            if len(told) == 1:
                raise RuntimeError

        closes_filled.connect(follow)
        job, _ = request(acme)
        with pytest.raises(RuntimeError):
            run(job, Archive())
        done = run(job, Archive(), now=NOW + backfills.LEASE)
        closes_filled.disconnect(follow)

        assert (done.state, told) == ("done", [START, START])

    def test_a_worker_that_was_replaced_writes_nothing_more(self, acme):
        job, _ = request(acme)
        source = Archive(price=2)
        ask = source.daily_closes

        def slow(listing, *, start, end):
            # It slept; another one did all of it meanwhile.
            source.daily_closes = ask
            run(job, Archive(price=1), now=NOW + backfills.LEASE)
            return ask(listing, start=start, end=end)

        source.daily_closes = slow

        with pytest.raises(backfills.Replaced):
            run(job, source)

        assert stored(acme) == expected(price=1)

    def test_a_longer_span_isnt_lost_on_who_works_on_the_shorter(self, acme):
        job, _ = request(acme, start=END - timedelta(days=2))
        source = Archive()
        ask = source.daily_closes

        def interrupted(listing, *, start, end):
            source.daily_closes = ask
            request(acme)
            return ask(listing, start=start, end=end)

        source.daily_closes = interrupted
        with pytest.raises(backfills.Replaced):
            run(job, source)
        run(job, source)

        assert stored(acme) == expected()

    def test_one_that_brings_down_every_worker_is_given_up(self, acme, monkeypatch):
        job, _ = request(acme)
        now = NOW
        with monkeypatch.context() as patched:
            patched.setattr(backfills, "_ask", lambda *_args, **_more: 1 / 0)
            for _ in range(backfills.MOST_LOST + 1):
                with pytest.raises(ZeroDivisionError):
                    run(job, Archive(), now=now)
                now += backfills.LEASE

        assert run(job, Archive(), now=now) is None
        assert reloaded(job).state == "failed"


class Killed(BaseException):
    """The worker is gone, at this very line."""


def dying(monkeypatch, name, *, at_call, before):
    """Let the worker die at some call of a function, before or after it did its work."""
    whole, calls = getattr(backfills, name), []

    def die(*args, **kwargs):
        calls.append(None)
        if len(calls) == at_call and before:
            raise Killed
        result = whole(*args, **kwargs)
        if len(calls) == at_call:
            raise Killed
        return result

    monkeypatch.setattr(backfills, name, die)


def reloaded(job):
    return Backfill.objects.get(pk=job.pk)


def test_what_waits_no_longer_or_was_lost_is_started_again():
    late = NOW - timedelta(hours=1)
    states = {
        "lost": {"state": BackfillState.RUNNING.value, "lease_until": late},
        "alive": {"state": BackfillState.RUNNING.value, "lease_until": NOW + timedelta(hours=1)},
        "due": {"state": BackfillState.WAITING.value, "retry_at": late},
        "not due": {"state": BackfillState.WAITING.value, "retry_at": NOW + timedelta(hours=1)},
        "not queued": {"state": BackfillState.QUEUED.value, "updated_at": late},
        "just queued": {"state": BackfillState.QUEUED.value, "updated_at": NOW},
        "done": {"state": BackfillState.DONE.value},
    }
    for name, changes in states.items():
        job, _ = request(factories.make_instrument(name.upper()))
        Backfill.objects.filter(pk=job.pk).update(**changes)

    found = {each.instrument.symbol.lower() for each in histories.list_startable(now=NOW)}

    assert found == {"lost", "due", "not queued"}


class TestStaff:
    """The pages of the back office."""

    @pytest.fixture
    def browser(self, browser_of):
        return browser_of(User.objects.create_superuser("root@example.test", "correct horse"))

    @pytest.fixture
    def started(self, monkeypatch):
        """Collect what is queued."""
        names = []
        monkeypatch.setattr(
            tasks.run_backfill, "apply_async", lambda **given: names.append(given["kwargs"])
        )
        return names

    def test_they_ask_for_a_history_and_see_how_far_it_is(self, browser, acme, started):
        add = reverse("admin:marketdata_backfill_add")

        refused = browser.post(
            add, {"instrument": acme.pk, "start": "2026-03-01", "end": "2999-01-01"}
        )
        asked = browser.post(
            add, {"instrument": acme.pk, "start": "2020-01-01", "end": "2020-01-10"}
        )

        assert "Give days from" in refused.content.decode()
        assert asked.status_code == 302
        (job,) = Backfill.objects.all()
        assert (job.trigger, str(job.start), str(job.next_date)) == (
            "staff",
            "2020-01-01",
            "2020-01-01",
        )
        assert started == [{"backfill_id": str(job.pk)}]
        Backfill.objects.update(next_date="2020-01-06", state=BackfillState.RUNNING.value)
        listed = browser.get(reverse("admin:marketdata_backfill_changelist")).content.decode()
        assert "50 %" in listed

    def test_they_ask_again_for_what_failed_from_where_it_stood(self, browser, acme, started):
        failed = run(request(acme)[0])
        Backfill.objects.update(next_date=END)

        browser.post(
            reverse("admin:marketdata_backfill_changelist"),
            {"action": "ask_again", "_selected_action": [str(failed.pk)]},
        )

        again = Backfill.objects.get(state=BackfillState.QUEUED.value)
        assert (again.start, again.end) == (END, END)
        assert started == [{"backfill_id": str(again.pk)}]

    def test_everybody_sees_on_the_instruments_page_how_far_it_is(self, ada, browser_of, acme):
        request(acme)
        Backfill.objects.update(next_date=START + timedelta(days=15))

        page = browser_of(ada).get(f"/instruments/{acme.pk}/").content.decode()

        assert "are being filled in: 50 %" in page


def test_the_job_runs_with_the_sources_of_the_settings():
    apple = factories.make_instrument("AAPL")
    today = clock.now().date()
    job, _ = backfills.request_backfill(
        apple.pk,
        start=today - timedelta(days=20),
        end=today - timedelta(days=1),
        trigger=Trigger.STAFF,
        now=clock.now(),
    )

    tasks.run_backfill(backfill_id=str(job.pk))

    assert (reloaded(job).state, reloaded(job).source) == ("done", "simulated")
