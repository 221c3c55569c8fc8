"""ObjectIds in URLs and in text."""

from datetime import date

import pytest
from bson import ObjectId
from django.urls import URLResolver, path
from django.urls.exceptions import Resolver404
from django.urls.resolvers import RegexPattern

from common.errors import NotFound
from common.ids import DayConverter, ObjectIdConverter, parse_object_id

TEXT = "0123456789abcdef01234567"
JUNK = (
    "",
    "zzz",
    TEXT[:-1],
    TEXT + "8",
    TEXT.upper(),
    TEXT + "\n",
    "12bytes_long",
    "\N{FULLWIDTH DIGIT ZERO}" * 24,
)


@pytest.fixture
def resolver():
    return URLResolver(RegexPattern("^"), [path("<object_id:key>/", str, name="thing")])


def test_a_url_yields_an_object_id(resolver):
    assert resolver.resolve(f"{TEXT}/").kwargs == {"key": ObjectId(TEXT)}


@pytest.mark.parametrize("junk", JUNK)
def test_a_url_with_anything_else_leads_nowhere(resolver, junk):
    with pytest.raises(Resolver404):
        resolver.resolve(f"{junk}/")


@pytest.mark.parametrize("key", [ObjectId(TEXT), TEXT])
def test_a_link_holds_the_digits(key):
    assert ObjectIdConverter().to_url(key) == TEXT


@pytest.mark.parametrize("junk", ["zzz", None, 7])
def test_a_link_to_anything_else_is_a_bug(junk):
    with pytest.raises(ValueError, match="no ObjectId"):
        ObjectIdConverter().to_url(junk)


@pytest.mark.parametrize("key", [ObjectId(TEXT), TEXT])
def test_text_is_read_as_an_object_id(key):
    assert parse_object_id(key) == ObjectId(TEXT)


@pytest.mark.parametrize(
    "junk", [*JUNK, None, 7, {"$ne": None}, b"x" * 12, "\ud800" * 24, "\0" * 24]
)
def test_under_anything_else_there_is_nothing(junk):
    with pytest.raises(NotFound):
        parse_object_id(junk)


@pytest.fixture
def day_resolver():
    return URLResolver(RegexPattern("^"), [path("<day:day>/", str, name="thing")])


def test_a_url_yields_a_day_and_a_link_holds_it(day_resolver):
    found = day_resolver.resolve("2024-02-29/").kwargs

    assert found == {"day": date(2024, 2, 29)}
    assert DayConverter().to_url(found["day"]) == "2024-02-29"


@pytest.mark.parametrize("junk", ["2023-02-29", "2024-13-01", "0000-01-01", "2024-1-1", "today"])
def test_a_url_with_a_day_of_no_calendar_leads_nowhere(day_resolver, junk):
    with pytest.raises(Resolver404):
        day_resolver.resolve(f"{junk}/")
