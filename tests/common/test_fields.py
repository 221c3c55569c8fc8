"""Decimals in the database."""

import decimal
from decimal import Decimal

import pytest
from django.db import models
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.fields import MoneyField, amount_field


@pytest.fixture
def entry(made):
    class Entry(models.Model):
        amount = amount_field(null=True)

        class Meta:
            app_label = "common"

        def __str__(self):
            return str(self.amount)

    return made(Entry)


def kept(entry, value):
    """Store a value and read it again."""
    return entry.objects.get(pk=entry.objects.create(amount=value).pk).amount


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("12.30", "12.3000000000"),
        ("-0.0000000001", "-1E-10"),
        ("999999999999999999.9999999999", "999999999999999999.9999999999"),
        ("1.00000000005", "1.0000000000"),
        ("1.00000000015", "1.0000000002"),
        ("0.00000000004", "0"),
    ],
)
def test_a_value_is_kept_to_ten_places_half_to_even(entry, given, expected):
    value = kept(entry, Decimal(given))

    assert value == Decimal(expected)
    assert value.as_tuple().exponent == -10


@pytest.mark.parametrize("value", [12, "12", Decimal("1.2E1")])
def test_whole_numbers_and_texts_are_exact(entry, value):
    assert kept(entry, value) == 12


def test_unknown_stays_unknown(entry):
    assert kept(entry, None) is None


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    value=st.decimals(
        min_value=Decimal(-999999999999999999),
        max_value=Decimal(999999999999999999),
        places=10,
    )
)
def test_what_fits_comes_back_as_it_was(entry, value):
    assert kept(entry, value) == value


def test_many_rows_are_kept_alike(entry):
    entry.objects.bulk_create(entry(amount=Decimal(1) / 3) for _ in range(3))

    assert {row.amount for row in entry.objects.all()} == {Decimal("0.3333333333")}


def test_a_sum_is_exact(entry):
    for value in ("0.1", "0.2", "0.3"):
        entry.objects.create(amount=Decimal(value))

    assert entry.objects.aggregate(total=Sum("amount"))["total"] == Decimal("0.6")


def test_a_sum_of_large_and_small_loses_nothing(entry):
    for value in ("123456789012345678.0000000001", "0.0000000002"):
        entry.objects.create(amount=Decimal(value))

    total = entry.objects.aggregate(total=Sum("amount"))["total"]

    assert total == Decimal("123456789012345678.0000000003")


def test_a_sum_of_nothing_is_unknown(entry):
    assert entry.objects.aggregate(total=Sum("amount"))["total"] is None


def test_a_sum_of_34_digits_is_exact(made):
    class Wide(models.Model):
        amount = MoneyField(max_digits=34, decimal_places=10)

        class Meta:
            app_label = "common"

        def __str__(self):
            return str(self.amount)

    made(Wide)
    Wide.objects.create(amount=Decimal("123456789012345678901234.0123456788"))
    Wide.objects.create(amount=Decimal("0.0000000001"))

    total = Wide.objects.aggregate(total=Sum("amount"))["total"]

    assert total == Decimal("123456789012345678901234.0123456789")


def test_what_an_update_left_unrounded_is_rounded_when_it_is_read(entry):
    row = entry.objects.create(amount=Decimal(1))

    entry.objects.update(amount=F("amount") / 3)

    row.refresh_from_db()
    assert row.amount == Decimal("0.3333333333")
    row.full_clean()


@pytest.mark.parametrize(
    "value",
    [Decimal("1E18"), Decimal("1E40"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), 0.1],
)
def test_what_can_not_be_kept_is_refused_and_nothing_is_stored(entry, value):
    with pytest.raises((TypeError, ValueError), match="amount"):
        entry.objects.create(amount=value)

    assert not entry.objects.exists()


def test_the_context_of_the_thread_does_not_matter(entry):
    with decimal.localcontext(prec=5, rounding=decimal.ROUND_UP):
        value = kept(entry, Decimal("123456.7890123456"))

    assert value == Decimal("123456.7890123456")


def test_values_are_found_whatever_their_places(entry):
    entry.objects.create(amount=Decimal("1.5"))

    assert entry.objects.filter(amount=Decimal("1.50")).exists()
    assert entry.objects.filter(amount__gt=Decimal("1.4999999999")).exists()
    assert entry.objects.filter(amount__in=[Decimal("1.5")]).exists()
