"""Numbers, days and instants as pages show them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.template import Context, Template

from accounts.preferences import LOCALES
from common import clock
from common.numerals import CONVENTIONS, convention_of, write_number

_FIXED = "\u00a0"
_NARROW = "\u202f"


def shown(source: str, *, locale="en-US", time_zone="UTC", **values) -> str:
    user = SimpleNamespace(locale=locale, time_zone=time_zone)
    return Template(source).render(Context({**values, "request": SimpleNamespace(user=user)}))


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1234.5", "EUR", "1,234.50"),
        ("0", "EUR", "0.00"),
        ("-0.001", "EUR", "0.00"),
        ("-1234567.891", "USD", "−1,234,567.89"),
        ("1234.5", "JPY", "1,234"),
        ("0.123456789", "BTC", "0.12345679"),
        ("0.125", "EUR", "0.12"),
        ("0.135", "EUR", "0.14"),
        ("123456789012345678.9012345678", "EUR", "123,456,789,012,345,678.90"),
        ("5", "XX?", "5.00"),
    ],
)
def test_money_has_groups_and_the_decimals_of_its_currency(amount, currency, expected):
    assert shown("{% money a c %}", a=Decimal(amount), c=currency) == expected


@pytest.mark.parametrize(
    ("amount", "expected"), [("5", "+5.00"), ("-5", "−5.00"), ("0", "0.00"), ("-0.004", "0.00")]
)
def test_a_change_carries_its_sign(amount, expected):
    assert shown("{% change a 'EUR' %}", a=Decimal(amount)) == expected


@pytest.mark.parametrize(
    ("rate", "plain", "signed"),
    [
        ("0.1234", "12.34%", "+12.34%"),
        ("-0.012366", "−1.24%", "−1.24%"),
        ("0", "0.00%", "0.00%"),
        ("12", "1,200.00%", "+1,200.00%"),
    ],
)
def test_shares_are_written_in_hundredths(rate, plain, signed):
    assert shown("{% percent r %} {% rate r %}", r=Decimal(rate)) == f"{plain} {signed}"


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("189.1234", "189.12"),
        ("1.08732", "1.0873"),
        ("5", "5.00"),
        ("0.00001234", "0.00001234"),
        ("-37.63", "−37.63"),
    ],
)
def test_a_price_has_the_decimals_worth_reading(price, expected):
    assert shown("{% price p 'USD' %}", p=Decimal(price)) == expected


def test_what_was_recorded_is_not_rounded():
    assert shown("{% recorded p 'USD' %}", p=Decimal("410.2185123456")) == "410.2185123456"
    assert shown("{% quantity q %}", q=Decimal("0.1845671200")) == "0.18456712"


@pytest.mark.parametrize("missing", [None, ""])
@pytest.mark.parametrize(
    "tag",
    ["money x 'EUR'", "change x 'EUR'", "percent x", "rate x", "quantity x", "price x 'EUR'",
     "recorded x 'EUR'"],
)  # fmt: skip
def test_what_is_unknown_is_a_dash_that_says_so(tag, missing):
    assert shown(f"{{% {tag} %}}", x=missing) == '<span class="unknown" title="unknown">–</span>'


def test_a_variable_that_is_not_there_is_unknown_and_not_an_error():
    assert "–" in shown("{% money gone.amount 'EUR' %}")
    assert shown("{{ gone.amount|tone }}") == "unknown"


@pytest.mark.parametrize(
    ("value", "tone"), [("1", "gain"), ("-1", "loss"), ("0.00", "flat"), (None, "unknown")]
)
def test_the_tone_names_which_way_a_change_goes(value, tone):
    assert shown("{{ v|tone }}", v=value if value is None else Decimal(value)) == tone


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en-US", "1,234.50 12,345,678.90"),
        ("en-IN", "1,234.50 1,23,45,678.90"),
        ("de-DE", "1.234,50 12.345.678,90"),
        ("de-CH", "1\u2019234.50 12\u2019345\u2019678.90"),
        ("fr-FR", f"1{_NARROW}234,50 12{_NARROW}345{_NARROW}678,90"),
        ("es-ES", "1234,50 12.345.678,90"),
        ("sv-SE", f"1{_FIXED}234,50 12{_FIXED}345{_FIXED}678,90"),
        ("xx-XX", "1,234.50 12,345,678.90"),
    ],
)
def test_separators_are_those_of_the_user(locale, expected):
    source = "{% money a 'EUR' %} {% money b 'EUR' %}"

    assert shown(source, locale=locale, a=Decimal("1234.5"), b=Decimal("12345678.9")) == expected


def test_every_locale_that_can_be_chosen_has_a_convention():
    assert set(CONVENTIONS) == set(LOCALES)


def test_a_convention_never_groups_what_stands_behind_the_point():
    text = write_number(Decimal("1234.5678901234"), convention_of("de-DE"))

    assert text == "1.234,5678901234"


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en-US", "Mar 5, 2026"), ("en-GB", "5 Mar 2026"), ("de-DE", "05.03.2026")],
)
def test_days_are_written_as_the_user_writes_them(locale, expected):
    assert shown("{% day d %}", locale=locale, d=date(2026, 3, 5)) == expected
    assert shown("{% day d %}", locale=locale, d="2026-03-05") == expected


def test_an_instant_is_shown_in_the_time_zone_of_the_user():
    at = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)

    text = shown("{% moment at %}", locale="de-DE", time_zone="Europe/Berlin", at=at)

    assert text == '<time datetime="2026-03-05T23:30:00+00:00">06.03.2026, 00:30</time>'


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (timedelta(seconds=-5), "0 s ago"),
        (timedelta(seconds=4), "4 s ago"),
        (timedelta(minutes=3, seconds=10), "3 min ago"),
        (timedelta(hours=5, minutes=1), "5 h ago"),
    ],
)
def test_an_age_is_counted_in_the_largest_unit_that_fits(passed, expected):
    assert f">{expected}<" in shown("{% age at %}", at=clock.now() - passed)


def test_an_age_of_days_is_the_date_itself():
    assert "Mar 5, 2020" in shown("{% age at %}", at=datetime(2020, 3, 5, tzinfo=UTC))


def test_nobody_signed_in_reads_numbers_the_default_way():
    assert Template("{% money a 'EUR' %}").render(Context({"a": Decimal("1234.5")})) == "1,234.50"


def test_the_page_carries_what_the_live_client_needs_to_write_alike():
    text = shown("{% number_attributes %}", locale="es-ES")

    assert text == f'data-decimal="," data-group="." data-grouping="min2" data-percent="{_FIXED}%"'
