"""Bodies that could be read in two ways, or in none."""

import json

import pytest
from django.urls import reverse

from portfolios.models import Portfolio

pytestmark = pytest.mark.django_db
ADDRESS = "api-portfolios"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"name": "A", "name": "B", "base_currency": "EUR"}', "“name” is there twice."),
        ('{"name": {"a": 1, "a": 1}}', "“a” is there twice."),
        ('{"name": NaN}', "NaN is no number of JSON."),
        ('{"name": "A"', "JSON parse error"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_it_is_refused_with_the_reason(program_of, ada, body, says):
    answer = program_of(ada).post(reverse(ADDRESS), data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed"
    assert says in json.dumps(answer.json(), ensure_ascii=False)
    assert not Portfolio.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "1"])
def test_what_is_no_object_is_refused(program_of, ada, body):
    answer = program_of(ada).post(reverse(ADDRESS), data=body, content_type="application/json")

    assert answer.status_code == 422
    assert "no JSON object" in json.dumps(answer.json())


def test_bytes_that_are_no_text_are_refused(program_of, ada):
    answer = program_of(ada).post(
        reverse(ADDRESS), data=b'{"name": "\xff"}', content_type="application/json"
    )

    assert answer.status_code == 400
