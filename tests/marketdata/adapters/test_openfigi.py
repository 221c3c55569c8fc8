"""OpenFIGI's mapping, in the form of its documentation."""

import json
from uuid import uuid4

import pytest

from common.remote.errors import AuthExpired, BadRequest, RateLimited, Schema
from common.remote.http import HttpClient, Service
from marketdata.adapters import registry
from marketdata.adapters.openfigi.client import OpenFigiSource, limits_of
from marketdata.adapters.openfigi.parser import job_of, parse_mapping
from marketdata.domain.identifiers import Identified, Question
from tests.marketdata.openfigi import APPLE, IBM, KEY, NOTHING, openfigi, row_of

#: As published for IBM: by its German number, at the composite of the United States.
PUBLISHED = b"""[{"data": [{"figi": "BBG000BLNNH6", "securityType": "Common Stock",
  "marketSector": "Equity", "ticker": "IBM", "name": "INTL BUSINESS MACHINES CORP",
  "uniqueID": "EQ0010080100001000", "exchCode": "US", "shareClassFIGI": "BBG001S5S399",
  "compositeFIGI": "BBG000BLNNH6", "securityType2": "Common Stock",
  "securityDescription": "IBM", "uniqueIDFutOpt": null}]}]"""


def question(symbol="IBM", *, isin="", mic="XNYS"):
    identity = f"{mic}:{symbol}:USD"
    return Question(instrument_id="1", identity=identity, isin=isin, symbol=symbol, mic=mic)


def parse(*answers):
    return parse_mapping(json.dumps(answers).encode(), asked=len(answers))


@pytest.fixture
def remote():
    with openfigi() as started:
        yield started


@pytest.fixture
def source_of(remote):
    """Return the source as somebody with a key uses it, or anybody."""

    def build(key="", most=10):
        headers = {"X-OPENFIGI-APIKEY": key} if key else {}
        name = f"openfigi-{uuid4().hex}"
        built = OpenFigiSource.of_account(key=key, base_url=remote.url)
        service = Service(
            name=name,
            base_url=remote.url,
            headers=headers,
            refusal=built._client._service.refusal,
        )
        return OpenFigiSource(HttpClient(service, sleep=lambda _: None), most_at_once=most)

    return build


@pytest.mark.parametrize(
    ("asked", "job"),
    [
        pytest.param(
            question(isin="US4592001014"),
            {"idType": "ID_ISIN", "idValue": "US4592001014"},
            id="an ISIN is enough",
        ),
        pytest.param(
            question("BRK.B"),
            {
                "idType": "TICKER",
                "idValue": "BRK/B",
                "exchCode": "US",
                "marketSecDes": "Equity",
            },
            id="the United States are one market, a class is set apart by a slash",
        ),
        pytest.param(
            question("EXS1", mic="XETR"),
            {
                "idType": "TICKER",
                "idValue": "EXS1",
                "micCode": "XETR",
                "marketSecDes": "Equity",
            },
            id="others by their code",
        ),
    ],
)
def test_an_instrument_is_asked_about_by_what_is_known_of_it(asked, job):
    assert job_of(asked) == job


def test_the_published_answer_is_read():
    assert parse_mapping(PUBLISHED, asked=1) == [Identified(share_class_figi="BBG001S5S399")]


def test_answers_stay_in_order_and_cost_only_themselves():
    listings = [row_of(IBM), row_of(IBM, exchCode="GY"), row_of(IBM, shareClassFIGI=None)]

    found = parse(
        NOTHING,
        {"data": listings},
        {"error": "Invalid idValue format."},
        {"data": [row_of(IBM), row_of(APPLE)]},
        {"error": "No identifier found."},
    )

    assert [each.share_class_figi for each in found] == ["", IBM[0], "", "", ""]
    assert [bool(each.problem) for each in found] == [False, False, True, True, False]
    assert found[2].problem == "Invalid idValue format."


@pytest.mark.parametrize(
    "answer",
    [
        {},
        7,
        {"warning": None},
        {"data": 5},
        {"data": [5]},
        {"data": [row_of(IBM, shareClassFIGI="BBG001S5S398")]},
        {"data": [row_of(IBM, shareClassFIGI=["BBG001S5S399"])]},
    ],
    ids=str,
)
def test_what_is_no_answer_identifies_nothing(answer):
    (found,) = parse(answer)

    assert not found.share_class_figi
    assert found.problem


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html>", b'[{"data": []}, {"data": []}]'])
def test_as_many_answers_are_wanted_as_were_asked_for(body):
    with pytest.raises(Schema):
        parse_mapping(body, asked=1)


def test_it_is_asked_with_a_key_or_without(remote, source_of):
    remote.known["US4592001014"] = [row_of(IBM)]
    asked = [question(isin="US4592001014"), question("NONE")]

    assert source_of().identify(asked) == source_of(KEY).identify(asked)
    with pytest.raises(AuthExpired):
        source_of("another").identify(asked)
    assert len(remote.jobs) == 3


def test_where_it_takes_fewer_it_is_asked_in_halves(remote, source_of):
    remote.most_jobs[""] = 5
    remote.known["US4592001014"] = [row_of(IBM)]
    asked = [question(f"S{number}") for number in range(9)] + [question(isin="US4592001014")]
    source = source_of()

    found = source.identify(asked)

    assert [each.share_class_figi for each in found] == [""] * 9 + [IBM[0]]
    assert [len(jobs) for jobs in remote.jobs] == [10, 5, 5]
    assert source.most_at_once == 5
    remote.most_jobs[""] = 0
    with pytest.raises(BadRequest):
        source.identify(asked[:1])


def test_it_says_how_long_to_wait(remote, source_of):
    remote.left = 0

    with pytest.raises(RateLimited) as caught:
        source_of().identify([question()])

    assert "asked too often" in caught.value.detail


def test_a_key_lets_more_be_asked(settings):
    settings.IDENTITY_SOURCES = ["openfigi"]

    settings.OPENFIGI_KEY = ""
    (anybody,) = registry.identity_sources()
    assert registry.limits_of("openfigi") == limits_of("") == ("25/minute",)
    settings.OPENFIGI_KEY = KEY
    (keyed,) = registry.identity_sources()
    assert registry.limits_of("openfigi") == ("25/6 second",)

    assert (anybody.most_at_once, keyed.most_at_once) == (10, 100)
