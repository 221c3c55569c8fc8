"""Lists cut into pages."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection

from accounts.models import User
from common.api.pagination import MAX_LIMIT, BadCursor, BadLimit, page_of

KEYS = [("date_joined", "id"), ("-date_joined", "-id"), ("id",), ("-id",), ("email",)]


@pytest.fixture
def people(db):
    """Store 23 users; five share each day, so that the second part of a key matters."""
    rows = [
        User(
            email=f"{n * 7 % 23:02}@example.test",
            date_joined=datetime(2026, 1, 1 + n // 5, tzinfo=UTC),
        )
        for n in range(23)
    ]
    return User.objects.bulk_create(rows)


def walk(rf, key, *, forward=True, limit=4, start=""):
    """Return all rows page by page, and the address of the last page seen."""
    found, address, last = [], start or f"?limit={limit}", ""
    while address:
        last = address
        page = page_of(rf.get(f"/{address}"), User.objects.all(), key=key)
        found = found + page.rows if forward else page.rows + found
        address = page.next_url if forward else page.previous_url
    return found, last


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_pages_together_are_the_list(rf, people, key):
    found, _ = walk(rf, key)

    assert [row.pk for row in found] == [row.pk for row in User.objects.order_by(*key)]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_the_way_back_shows_the_same(rf, people, key):
    found, last = walk(rf, key)
    end = page_of(rf.get(f"/{last}"), User.objects.all(), key=key)

    before, _ = walk(rf, key, forward=False, start=end.previous_url)

    assert [row.pk for row in before + end.rows] == [row.pk for row in found]


def test_an_end_has_no_neighbor(rf, people):
    page = page_of(rf.get("/?limit=200"), User.objects.all(), key=("id",))

    assert len(page.rows) == 23
    assert page.next_url is None
    assert page.previous_url is None


def test_an_empty_list_is_one_empty_page(rf, db):
    page = page_of(rf.get("/"), User.objects.all(), key=("id",))

    assert (page.rows, page.next_url, page.previous_url) == ([], None, None)


def test_rows_that_come_and_go_neither_repeat_nor_hide_others(rf, people):
    first = page_of(rf.get("/?limit=10"), User.objects.all(), key=("-date_joined", "-id"))
    User.objects.create(email="new@example.test", date_joined=datetime(2026, 2, 1, tzinfo=UTC))
    first.rows[-1].delete()

    second = page_of(rf.get(f"/{first.next_url}"), User.objects.all(), key=("-date_joined", "-id"))

    assert [row.pk for row in second.rows] == [row.pk for row in reversed(people[3:13])]


def test_filters_are_carried_over(rf, people):
    page = page_of(rf.get("/?limit=2&kind=buy&kind=sell&note=ü"), User.objects.all(), key=("id",))

    assert page.next_url.startswith("?limit=2&kind=buy&kind=sell&note=%C3%BC&cursor=")


@pytest.mark.parametrize(
    "limit", ["0", "-1", "x", "1.5", "", "٣", "1e3", "9" * 30, "$ne", str(MAX_LIMIT + 1)]
)
def test_a_limit_that_no_page_has_is_refused(rf, db, limit):
    with pytest.raises(BadLimit):
        page_of(rf.get("/", {"limit": limit}), User.objects.all(), key=("id",))


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "++", "a:b", "a:b:c", "🦊", "\x00", "W10:1abc:xyz", "x" * 10_000, "{}", "null"],
)
def test_a_junk_cursor_is_refused(rf, db, cursor):
    with pytest.raises(BadCursor):
        page_of(rf.get("/", {"cursor": cursor}), User.objects.all(), key=("id",))


def test_a_cursor_of_another_list_is_refused(rf, people):
    page = page_of(rf.get("/?limit=2"), User.objects.all(), key=("-id",))

    with pytest.raises(BadCursor):
        page_of(rf.get(f"/{page.next_url}"), User.objects.all(), key=("id",))


def test_a_changed_cursor_is_refused(rf, people):
    address = page_of(rf.get("/?limit=2"), User.objects.all(), key=("id",)).next_url

    with pytest.raises(BadCursor):
        page_of(rf.get(f"/{address[:-1]}"), User.objects.all(), key=("id",))


@pytest.mark.parametrize("days", [1, 3, 500])
def test_a_page_deep_in_a_list_reads_nothing_but_itself(rf, db, days):
    """Whatever lies before it, and however many rows share a date."""
    owner, other = (User.objects.create(email=f"{name}@example.test") for name in "ab")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    LogEntry.objects.bulk_create(
        LogEntry(user=user, action_flag=1, action_time=start + timedelta(days=n * days // 500))
        for n in range(500)
        for user in (owner, other)
    )
    rows = LogEntry.objects.filter(user=owner)
    key = ("-action_time", "-id")
    collection = connection.get_collection(LogEntry._meta.db_table)
    collection.create_index([("user_id", 1), ("action_time", -1), ("_id", -1)], name="page")
    page = page_of(rf.get("/?limit=200"), rows, key=key)
    page = page_of(rf.get(f"/{page.next_url}"), rows, key=key)

    connection.database.command("profile", 2)
    page = page_of(rf.get(f"/{page.next_url}"), rows, key=key)
    connection.database.command("profile", 0)

    commands = list(connection.database["system.profile"].find({"ns": collection.full_name}))
    connection.database.drop_collection("system.profile")
    collection.drop_index("page")
    assert len(page.rows) == 100
    assert sum(each["docsExamined"] for each in commands) == 100


def test_a_key_of_unknown_kind_is_a_bug(rf, people):
    with pytest.raises(TypeError):
        page_of(rf.get("/?limit=2"), User.objects.all(), key=("last_login", "id"))
