"""Questions over HTTP against a server that misbehaves."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from common import clock
from common.remote.breaker import Breaker
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    Schema,
    Transient,
    UnknownOutcome,
)
from common.remote.http import Budget, HttpClient, Service, free_at
from common.remote.rates import LONGEST_PAUSE, Allowance
from tests.remote_server import Said, remote_server

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GOOD = Said(b'{"price": 1.10, "name": "EUR"}')


@pytest.fixture
def remote():
    with remote_server() as started:
        yield started


@pytest.fixture
def waited():
    return []


@pytest.fixture
def client_of(remote, waited):
    """Return clients of the server; those with one name count together."""

    def build(name=None, *, breaker=None, budget=None, now=NOW, **service):
        known = {"silence_seconds": 0.3, "connect_seconds": 1.0} | service
        name = name or f"test-{uuid4().hex}"
        return HttpClient(
            Service(name=name, base_url=remote.url, **known),
            now=lambda: now,
            sleep=waited.append,
            budget=budget,
            breaker=breaker or Breaker(name),
        )

    return build


def test_numbers_stay_exact_and_the_key_goes_in_a_header(remote, client_of):
    remote.answers = [GOOD]

    content = client_of(headers={"X-Key": "secret"}).get_json("/price", params={"s": "EUR"})

    assert content == {"price": Decimal("1.10"), "name": "EUR"}
    [(path, headers)] = remote.asked
    assert (path, headers["X-Key"]) == ("/price?s=EUR", "secret")


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (Said(status=401), AuthExpired),
        (Said(status=403), Forbidden),
        (Said(status=400), BadRequest),
        (Said(status=404), BadRequest),
        (Said(status=422), BadRequest),
        (Said(status=204), Schema),
        (Said(status=302, headers={"Location": "/elsewhere"}), Schema),
        (Said(b"<html>Prove that you are human</html>", type="text/html"), Schema),
        (Said(b"{}", type=""), Schema),
        (Said(b'{"status": "error"}'), Schema),
        (Said(b"[]"), Schema),
        (Said(b'{"price": 1'), Schema),
        (Said(b"\xff\xfe"), Schema),
        (Said(b" " * 2_000), Schema),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_no_good_answer_is_told_at_once(remote, client_of, said, failure):
    remote.answers = [said]

    with pytest.raises(failure):
        client_of(max_bytes=1_000).get_json("/price", required=["price"])

    assert len(remote.asked) == 1


def test_a_body_may_say_more_than_a_status(remote, client_of):
    def refusal(status, body):
        return AuthExpired if (status, body) == (403, b'{"type": "token"}') else None

    remote.answers = [Said(b'{"type": "token"}', status=403), Said(b"{}", status=403)]
    client = client_of(refusal=refusal)

    with pytest.raises(AuthExpired):
        client.get_json("/price")
    with pytest.raises(Forbidden):
        client.get_json("/price")


@pytest.mark.parametrize(
    "said",
    [
        Said(status=500),
        Said(GOOD.body, cut=100),
        Said(is_dropped=True),
        Said(is_mute=True),
    ],
    ids=["500", "truncated", "dropped", "mute"],
)
def test_a_form_is_sent_once_whatever_happens(remote, client_of, said):
    remote.answers = [said, GOOD]

    with pytest.raises(UnknownOutcome):
        client_of().post("/token", form={"a": "1"}, content_types=["application/json"])

    assert len(remote.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        Said(status=500),
        Said(status=503),
        Said(status=408),
        Said(GOOD.body, cut=100),
        Said(is_dropped=True),
        Said(is_mute=True),
    ],
    ids=["500", "503", "408", "truncated", "dropped", "mute"],
)
def test_what_may_pass_is_asked_again(remote, client_of, waited, said):
    remote.answers = [said, said, GOOD]

    content = client_of().get_json("/price", required=["price"])

    assert content["price"] == Decimal("1.10")
    assert len(remote.asked) == 3
    assert 0 <= waited[0] <= 0.5
    assert 0 <= waited[1] <= 1.0


def test_a_question_in_json_is_asked_again_too(remote, client_of):
    remote.answers = [Said(status=503), GOOD]

    body = client_of().ask("/look", content=[{"id": "Ü"}], content_types=["application/json"])

    assert body == GOOD.body
    assert [json.loads(each) for each in remote.posted] == [[{"id": "Ü"}]] * 2
    assert {headers["Content-Type"] for _, headers in remote.asked} == {"application/json"}


def test_after_four_retries_it_is_given_up(remote, client_of, waited):
    remote.answers = [Said(status=500)]

    with pytest.raises(Transient, match="status 500"):
        client_of().get_json("/price")

    assert len(remote.asked) == 5
    assert all(seconds <= longest for seconds, longest in zip(waited, (0.5, 1, 2, 4), strict=True))


def test_a_run_has_a_budget_of_retries(remote, client_of):
    remote.answers = [Said(status=500)]
    client = client_of(budget=Budget(left=5))

    for _ in range(3):
        with pytest.raises(Transient):
            client.get_json("/price")

    assert len(remote.asked) == 5 + 2 + 1


def test_nobody_is_there(client_of):
    client = client_of(budget=Budget(left=0))
    client._service = Service(name="nobody", base_url="http://127.0.0.1:1")

    with pytest.raises(Transient) as caught:
        client.get_json("/price", params={"key": "secret"})

    assert "secret" not in caught.value.detail


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:09 GMT"}, 9),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:09 -0000"}, 9),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 11)}, 11),
        ({"Retry-After": "7", "X-RateLimit-Reset": "1"}, 7),
        ({"RateLimit-Reset": "5"}, 5),
        ({"Retry-After": "7", "RateLimit-Reset": "5"}, 7),
        ({"Retry-After": "soon"}, 60),
        ({"X-RateLimit-Reset": "1e999"}, 60),
        ({"Retry-After": "9" * 40}, 60),
        ({}, 60),
    ],
)
def test_when_a_service_may_be_asked_again(headers, seconds):
    assert free_at(headers, now=NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [429, 418])
def test_a_pause_holds_for_every_client_of_the_account(remote, client_of, status):
    remote.answers = [Said(status=status, headers={"Retry-After": "30"}), GOOD]

    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            client_of("shared").get_json("/price")
        assert caught.value.until == NOW + timedelta(seconds=30)

    assert len(remote.asked) == 1
    later = client_of("shared", now=NOW + timedelta(seconds=31))
    assert later.get_json("/price")["name"] == "EUR"


@pytest.mark.parametrize(
    ("told", "kept"), [("999999999", LONGEST_PAUSE), ("0", timedelta(seconds=1))]
)
def test_a_pause_is_neither_endless_nor_none(remote, client_of, told, kept):
    remote.answers = [Said(status=429, headers={"Retry-After": told})]

    with pytest.raises(RateLimited) as caught:
        client_of().get_json("/price")

    assert caught.value.until == NOW + kept


def test_a_ban_may_be_longer_than_a_pause(remote, client_of):
    remote.answers = [Said(status=418, headers={"Retry-After": "259200"})]
    client = client_of()

    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            client.get_json("/price")
        assert caught.value.until == NOW + timedelta(days=3)

    assert len(remote.asked) == 1


@pytest.mark.parametrize("status", [200, 400])
def test_who_says_that_its_limit_is_nearly_used_up_is_left_alone(remote, client_of, status):
    def rest(headers, now):
        return now + timedelta(seconds=20) if int(headers.get("X-Used", 0)) > 90 else None

    used = [Said(b"{}", status=status, headers={"X-Used": each}) for each in ("90", "91")]
    remote.answers = [*used, GOOD]
    client = client_of("gauged", rest=rest)

    for _ in used:
        # What is answered counts, whatever is said beside it.
        if status == 200:
            assert client.get_json("/price") == {}
        else:
            with pytest.raises(BadRequest):
                client.get_json("/price")
    with pytest.raises(RateLimited) as caught:
        client_of("gauged").get_json("/price")

    assert caught.value.until == NOW + timedelta(seconds=20)
    assert len(remote.asked) == 2


def test_a_limit_is_counted_for_all_clients_together(remote, client_of):
    remote.answers = [GOOD]
    name = f"test-{uuid4().hex}"

    for _ in range(2):
        client_of(name, limits=("2/hour",)).get_json("/price")
    with pytest.raises(RateLimited):
        client_of(name, limits=("2/hour",)).get_json("/price")

    assert len(remote.asked) == 2
    left = Allowance(name, ("2/hour", "9/day")).left()
    assert [(each.limit, each.left, each.of) for each in left] == [
        ("2 per 1 hour", 0, 2),
        ("9 per 1 day", 9, 9),
    ]


def test_without_redis_questions_are_still_asked_and_counted(remote, client_of, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    remote.answers = [GOOD]
    client = client_of(limits=("1/hour",))

    assert client.get_json("/price")["name"] == "EUR"
    with pytest.raises(RateLimited):
        client.get_json("/price")


def test_after_failures_in_a_row_nobody_asks_for_a_while(remote, client_of):
    remote.answers = [Said(status=500)]
    name = f"test-{uuid4().hex}"

    def build(open_seconds=60.0):
        breaker = Breaker(name, failures=2, open_seconds=open_seconds)
        return client_of(name, breaker=breaker, budget=Budget(left=0))

    for _ in range(2):
        with pytest.raises(Transient, match="status 500"):
            build().get_json("/price")
    with pytest.raises(Transient, match="left alone"):
        build().get_json("/price")

    assert len(remote.asked) == 2
    opened = clock.now()
    assert Breaker(name).open_until(now=opened) > opened + timedelta(seconds=50)
    assert Breaker(name).open_until(now=opened + timedelta(seconds=61)) is None
    remote.answers = [GOOD]
    assert build(open_seconds=0.0).get_json("/price")["name"] == "EUR"
    assert build().get_json("/price")["name"] == "EUR"
    assert Breaker(name).open_until(now=opened) is None


def test_a_bad_key_of_one_account_opens_no_breaker(remote, client_of):
    remote.answers = [Said(status=401)]
    name = f"test-{uuid4().hex}"
    client = client_of(name, breaker=Breaker(name, failures=2))

    for _ in range(4):
        with pytest.raises(AuthExpired):
            client.get_json("/price")

    assert len(remote.asked) == 4
