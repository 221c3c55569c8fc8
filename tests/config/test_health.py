"""What probes are told."""

import json
import logging
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

import pytest

from common import clock, keys, redis
from config import health
from config.health import Probes, Readiness
from tests import factories
from tests.failpoints import fail_point

__all__ = ["fail_point"]


@pytest.fixture
def heartbeat():
    """Let the feed give a sign of life, some seconds ago."""

    def beat(seconds_ago=0.0):
        redis.client().set(keys.FEED_HEARTBEAT.of(), clock.now().timestamp() - seconds_ago, ex=60)

    yield beat
    redis.client().delete(keys.FEED_HEARTBEAT.of())


def ask(rf, checks):
    answer = Probes(None, Readiness(checks))(rf.get("/readyz"))
    return answer.status_code, json.loads(answer.content)["reasons"]


def test_liveness_asks_nothing(db, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_when_everything_answers(rf, db, heartbeat):
    heartbeat()

    assert ask(rf, health.CHECKS) == (200, {})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_by_the_address_of_the_machine_are_answered(client, db, path):
    answer = client.get(path, HTTP_HOST="10.1.2.3:8000")

    assert answer.status_code in {200, 503}
    assert "status" in answer.json()


def test_plain_http_is_enough_for_a_probe(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz").status_code == 200


def test_not_ready_without_a_feed(rf, db):
    assert ask(rf, health.CHECKS) == (503, {"feed": "there is no sign of life"})


def test_not_ready_when_the_feed_went_quiet(rf, db, heartbeat):
    heartbeat(seconds_ago=31)

    status, reasons = ask(rf, health.CHECKS)

    assert status == 503
    assert reasons["feed"].startswith("the last sign of life is 31")


def test_not_ready_without_redis(rf, db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    status, reasons = ask(rf, health.CHECKS)

    assert status == 503
    assert set(reasons) == {"redis", "feed"}


def test_not_ready_while_mongodb_fails(rf, db, fail_point, heartbeat):
    heartbeat()
    checks = {name: health.CHECKS[name] for name in ("mongodb", "feed")}
    # Several times, because the driver's own heartbeat asks the same.
    fail_point("hello", times=20, errorCode=11600, appName="livefolio")

    status, reasons = ask(rf, checks)

    assert status == 503
    assert set(reasons) == {"mongodb"}


def test_a_check_that_hangs_costs_a_second_and_hides_no_other(rf):
    release = Event()
    started = monotonic()

    status, reasons = ask(
        rf,
        {"slow": lambda: release.wait(10) and None, "broken": lambda: 1 / 0, "fine": lambda: None},
    )
    release.set()

    assert status == 503
    assert reasons == {"slow": "no answer within 1 s", "broken": "fails with ZeroDivisionError"}
    assert monotonic() - started < 5


def test_an_outcome_is_remembered_for_many_probes():
    asked = []
    readiness = Readiness({"one": lambda: asked.append(1)})

    probes = [Thread(target=readiness.reasons) for _ in range(8)]
    for probe in probes:
        probe.start()
    for probe in probes:
        probe.join()

    assert len(asked) == 1


def test_an_outcome_is_not_remembered_for_ever():
    asked = []
    readiness = Readiness({"one": lambda: asked.append(1)}, remembered_seconds=0)

    readiness.reasons()
    readiness.reasons()

    assert len(asked) == 2


def test_a_change_is_logged_once_whichever_way_it_goes(caplog):
    reasons = iter([None, "31 s old", "33 s old", None, None])
    readiness = Readiness({"feed": lambda: next(reasons)}, remembered_seconds=0)

    with caplog.at_level(logging.INFO, "config.health"):
        for _ in range(5):
            readiness.reasons()

    assert [
        (line.levelname, line.msg["event"], line.msg.get("feed")) for line in caplog.records
    ] == [
        ("INFO", "readiness.gained", None),
        ("WARNING", "readiness.lost", "31 s old"),
        ("INFO", "readiness.gained", None),
    ]


def test_what_is_not_ready_yet_is_told_at_the_first_probe(caplog):
    readiness = Readiness({"feed": lambda: "there is no sign of life"})

    readiness.reasons()

    assert [line.msg["event"] for line in caplog.records] == ["readiness.lost"]


def test_a_refused_probe_leaves_no_line_of_its_own(client, db, caplog):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert [line.name for line in caplog.records if line.name == "django.request"] == []


def test_dead_letters_are_counted_and_no_reason_to_send_nobody_here(rf, db, ada, heartbeat):
    heartbeat()
    probes = Probes(None, Readiness(health.CHECKS, details=health.DETAILS, remembered_seconds=0))
    told = json.loads(probes(rf.get("/readyz")).content)
    assert told["details"] == {"dead_letters": {"waiting": 0, "oldest_seconds": None}}
    connection = factories.make_connection(factories.make_portfolio(ada))
    for hours, state in ((9, "done"), (3, "waiting"), (1, "waiting")):
        at = clock.now() - timedelta(hours=hours)
        factories.make_dead_letter(connection, external_id=str(hours), state=state, created_at=at)

    answer = probes(rf.get("/readyz"))

    assert answer.status_code == 200
    letters = json.loads(answer.content)["details"]["dead_letters"]
    assert letters["waiting"] == 2
    assert letters["oldest_seconds"] >= 3 * 3_600


def test_a_detail_that_fails_is_unknown_and_costs_nothing_else(rf):
    readiness = Readiness({"fine": lambda: None}, details={"broken": lambda: 1 / 0})

    answer = Probes(None, readiness)(rf.get("/readyz"))

    assert answer.status_code == 200
    assert json.loads(answer.content) == {
        "status": "ok",
        "reasons": {},
        "details": {"broken": None},
    }
