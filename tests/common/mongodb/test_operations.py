"""Looking values up without regard to case."""

import pytest
from django.db import DatabaseError

from accounts.models import User

PATTERNS = (".*", "a.a@example.com", "ada@example.com|", "^", "$email", "+", "(", "[a-z]+", "\\w*")


@pytest.fixture
def ada(db):
    return User.objects.create(email="ada@example.com")


@pytest.mark.parametrize("text", PATTERNS)
def test_a_pattern_is_looked_up_as_the_text_it_is(ada, text):
    assert not User.objects.filter(email__iexact=text).exists()


@pytest.mark.parametrize("text", ["ada@example.com", "ADA@Example.COM"])
def test_case_does_not_matter(ada, text):
    assert User.objects.get(email__iexact=text) == ada


@pytest.mark.parametrize("text", ["a+b@example.com", "a.c@example.com", "a_b%c@example.com"])
def test_special_characters_stand_for_themselves(db, text):
    User.objects.create(email=text)
    User.objects.create(email="abc@example.com")

    assert [user.email for user in User.objects.filter(email__iexact=text.upper())] == [text]


def test_the_stock_backend_still_takes_a_pattern_for_a_pattern(ada, stock):
    users = User.objects.using("stock")

    matches_all = users.filter(email__iexact=".*").exists()
    with pytest.raises(DatabaseError):
        users.filter(email__iexact="++").exists()

    assert matches_all, "upstream has fixed this: drop the override of prep_for_iexact_query"
