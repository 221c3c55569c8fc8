"""Exact money: amounts that know their currency, the currencies there are, numbers as texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from types import MappingProxyType

from common.errors import InvalidInput
from common.numerals import OTHER_DIGITS, has_other_digits

#: Thirty-four digits are what MongoDB's Decimal128 holds.
_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN)
#: What the ledger keeps of a number: digits before the point, and after it.
WHOLE_DIGITS = 18
DECIMAL_PLACES = 10
_STEP = Decimal(1).scaleb(-DECIMAL_PLACES)
#: For rounding numbers of any length that makes sense.
_LONGEST = 40
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?", re.ASCII)
_LONGEST_SHOWN = 40


class CurrencyMismatch(InvalidInput):
    """Amounts in different currencies can't be added."""

    code = "currency-mismatch"


class UnknownCurrency(InvalidInput):
    """There is no such currency."""

    code = "unknown-currency"


class NotADecimal(InvalidInput):
    """The text isn't a number that can be kept exactly."""

    code = "not-a-decimal"


def exact() -> AbstractContextManager[Context]:
    """Compute with 34 digits, rounding half to even, whatever the thread's own context says."""
    return localcontext(_CONTEXT)


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency, and how many decimals its smallest payable unit has."""

    code: str
    name: str
    minor_units: int


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency; only like currencies add up."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"An amount of money is a Decimal, not {self.amount!r}.")

    def __add__(self, other: Money) -> Money:
        return Money(_CONTEXT.add(self.amount, self._like(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_CONTEXT.subtract(self.amount, self._like(other)), self.currency)

    def __mul__(self, factor: Decimal) -> Money:
        return Money(_CONTEXT.multiply(self.amount, factor), self.currency)

    def __neg__(self) -> Money:
        return Money(_CONTEXT.minus(self.amount), self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _like(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{other} can't be added to {self}: the currencies differ.")
        return other.amount


def minor_units(currency: str) -> int:
    """Return how many decimals a currency's smallest payable unit has: 2 for EUR, 0 for JPY.

    Raises:
        UnknownCurrency: the code means no currency.
    """
    known = CURRENCIES.get(currency)
    if known is None:
        raise UnknownCurrency(f"{_shown(currency)} is not a currency.")
    return known.minor_units


def rounded(money: Money) -> Money:
    """Round to what the currency can pay, half to even; only to show or to settle.

    Raises:
        UnknownCurrency: nobody knows the decimals of the currency.
    """
    step = Decimal(1).scaleb(-minor_units(money.currency))
    # Wide enough for any amount that is to be shown: quantizing past the precision would raise.
    wide = Context(prec=max(60, money.amount.adjusted() + 30), rounding=ROUND_HALF_EVEN)
    return Money(money.amount.quantize(step, context=wide), money.currency)


def is_currency(code: str) -> bool:
    """Say whether a code is that of a currency: ISO 4217, or a common crypto currency."""
    return code in CURRENCIES


def parse_decimal(text: str) -> Decimal:
    """Read a plain number, or one with an exponent, exactly.

    Returns:
        A number with at most ten decimals, its tens and thousands written out as digits.

    Raises:
        NotADecimal: it is no number, or has too many digits to be kept.
    """
    text = text.strip()
    if has_other_digits(text):
        raise NotADecimal(OTHER_DIGITS)
    if not _NUMBER.fullmatch(text):
        raise NotADecimal(f"{_shown(text)} is not a number.")
    number = Decimal(text)
    if not number:
        return Decimal(0)
    if number.adjusted() >= WHOLE_DIGITS:
        raise NotADecimal(
            f"{_shown(text)} is too large: at most {WHOLE_DIGITS} digits before the point are kept."
        )
    if _last_place(number) < -DECIMAL_PLACES:
        raise NotADecimal(
            f"{_shown(text)} is too fine: at most {DECIMAL_PLACES} digits after the point are kept."
        )
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the pattern lets no NaN or infinity through
    places = min(max(-exponent, 0), DECIMAL_PLACES)
    return number.quantize(Decimal(1).scaleb(-places), context=_CONTEXT)


def plain(number: Decimal) -> str:
    """Write a decimal without exponent, without zeros at its end and without a minus before 0."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def rounded_to_places(number: Decimal) -> Decimal:
    """Round a number to the ten places that are kept of it, half to even."""
    if not number.is_finite() or number.adjusted() > _LONGEST:
        return number
    short = number.quantize(_STEP, context=_WIDE)
    # A number that is short enough stays as it was written.
    return number if short == number else short


def fits(number: Decimal) -> bool:
    """Say whether the ledger can keep a number exactly: 18 digits before the point, 10 after."""
    if not number.is_finite():
        return False
    return not number or (
        number.adjusted() < WHOLE_DIGITS and _last_place(number) >= -DECIMAL_PLACES
    )


def _last_place(number: Decimal) -> int:
    """Return the power of ten of the last digit that isn't a nought."""
    _, digits, exponent = number.as_tuple()
    noughts = 0
    for digit in reversed(digits):
        if digit:
            break
        noughts += 1
    return int(exponent) + noughts


def _shown(text: str) -> str:
    shortened = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return f"“{''.join(char if char.isprintable() else '�' for char in shortened)}”"


# Code, decimals, name. ISO 4217 list one without the codes for tests and for no currency; the
# precious metals and drawing rights, which have no smallest unit there, are shown with four places.
_ISO_4217 = """
AED 2 UAE dirham
AFN 2 Afghani
ALL 2 Lek
AMD 2 Armenian dram
AOA 2 Kwanza
ARS 2 Argentine peso
AUD 2 Australian dollar
AWG 2 Aruban florin
AZN 2 Azerbaijan manat
BAM 2 Convertible mark
BBD 2 Barbados dollar
BDT 2 Taka
BGN 2 Bulgarian lev
BHD 3 Bahraini dinar
BIF 0 Burundi franc
BMD 2 Bermudian dollar
BND 2 Brunei dollar
BOB 2 Boliviano
BOV 2 Mvdol
BRL 2 Brazilian real
BSD 2 Bahamian dollar
BTN 2 Ngultrum
BWP 2 Pula
BYN 2 Belarusian ruble
BZD 2 Belize dollar
CAD 2 Canadian dollar
CDF 2 Congolese franc
CHE 2 WIR euro
CHF 2 Swiss franc
CHW 2 WIR franc
CLF 4 Unidad de fomento
CLP 0 Chilean peso
CNY 2 Yuan renminbi
COP 2 Colombian peso
COU 2 Unidad de valor real
CRC 2 Costa Rican colón
CUP 2 Cuban peso
CVE 2 Cabo Verde escudo
CZK 2 Czech koruna
DJF 0 Djibouti franc
DKK 2 Danish krone
DOP 2 Dominican peso
DZD 2 Algerian dinar
EGP 2 Egyptian pound
ERN 2 Nakfa
ETB 2 Ethiopian birr
EUR 2 Euro
FJD 2 Fiji dollar
FKP 2 Falkland Islands pound
GBP 2 Pound sterling
GEL 2 Lari
GHS 2 Ghana cedi
GIP 2 Gibraltar pound
GMD 2 Dalasi
GNF 0 Guinean franc
GTQ 2 Quetzal
GYD 2 Guyana dollar
HKD 2 Hong Kong dollar
HNL 2 Lempira
HTG 2 Gourde
HUF 2 Forint
IDR 2 Rupiah
ILS 2 New Israeli sheqel
INR 2 Indian rupee
IQD 3 Iraqi dinar
IRR 2 Iranian rial
ISK 0 Iceland króna
JMD 2 Jamaican dollar
JOD 3 Jordanian dinar
JPY 0 Yen
KES 2 Kenyan shilling
KGS 2 Som
KHR 2 Riel
KMF 0 Comorian franc
KPW 2 North Korean won
KRW 0 Won
KWD 3 Kuwaiti dinar
KYD 2 Cayman Islands dollar
KZT 2 Tenge
LAK 2 Lao kip
LBP 2 Lebanese pound
LKR 2 Sri Lanka rupee
LRD 2 Liberian dollar
LSL 2 Loti
LYD 3 Libyan dinar
MAD 2 Moroccan dirham
MDL 2 Moldovan leu
MGA 2 Malagasy ariary
MKD 2 Denar
MMK 2 Kyat
MNT 2 Tugrik
MOP 2 Pataca
MRU 2 Ouguiya
MUR 2 Mauritius rupee
MVR 2 Rufiyaa
MWK 2 Malawi kwacha
MXN 2 Mexican peso
MXV 2 Mexican unidad de inversión
MYR 2 Malaysian ringgit
MZN 2 Mozambique metical
NAD 2 Namibia dollar
NGN 2 Naira
NIO 2 Córdoba oro
NOK 2 Norwegian krone
NPR 2 Nepalese rupee
NZD 2 New Zealand dollar
OMR 3 Rial Omani
PAB 2 Balboa
PEN 2 Sol
PGK 2 Kina
PHP 2 Philippine peso
PKR 2 Pakistan rupee
PLN 2 Zloty
PYG 0 Guarani
QAR 2 Qatari rial
RON 2 Romanian leu
RSD 2 Serbian dinar
RUB 2 Russian ruble
RWF 0 Rwanda franc
SAR 2 Saudi riyal
SBD 2 Solomon Islands dollar
SCR 2 Seychelles rupee
SDG 2 Sudanese pound
SEK 2 Swedish krona
SGD 2 Singapore dollar
SHP 2 Saint Helena pound
SLE 2 Leone
SOS 2 Somali shilling
SRD 2 Surinam dollar
SSP 2 South Sudanese pound
STN 2 Dobra
SVC 2 El Salvador colón
SYP 2 Syrian pound
SZL 2 Lilangeni
THB 2 Baht
TJS 2 Somoni
TMT 2 Turkmenistan new manat
TND 3 Tunisian dinar
TOP 2 Paanga
TRY 2 Turkish lira
TTD 2 Trinidad and Tobago dollar
TWD 2 New Taiwan dollar
TZS 2 Tanzanian shilling
UAH 2 Hryvnia
UGX 0 Uganda shilling
USD 2 US dollar
USN 2 US dollar, next day
UYI 0 Uruguay peso in indexed units
UYU 2 Peso uruguayo
UYW 4 Unidad previsional
UZS 2 Uzbekistan sum
VED 2 Bolívar digital
VES 2 Bolívar soberano
VND 0 Dong
VUV 0 Vatu
WST 2 Tala
XAF 0 CFA franc BEAC
XAG 4 Silver, troy ounce
XAU 4 Gold, troy ounce
XCD 2 East Caribbean dollar
XCG 2 Caribbean guilder
XDR 4 Special drawing right
XOF 0 CFA franc BCEAO
XPD 4 Palladium, troy ounce
XPF 0 CFP franc
XPT 4 Platinum, troy ounce
YER 2 Yemeni rial
ZAR 2 Rand
ZMW 2 Zambian kwacha
ZWG 2 Zimbabwe gold
"""

# Shown with eight places, though some chains count finer; stablecoins with the six of theirs.
_CRYPTO = """
ADA 6 Cardano
AVAX 8 Avalanche
BCH 8 Bitcoin Cash
BNB 8 BNB
BTC 8 Bitcoin
DAI 6 Dai
DOGE 8 Dogecoin
DOT 8 Polkadot
ETH 8 Ether
LINK 8 Chainlink
LTC 8 Litecoin
POL 8 Polygon
SOL 8 Solana
TRX 6 Tron
USDC 6 USD Coin
USDT 6 Tether
XLM 7 Stellar
XMR 8 Monero
XRP 6 XRP
"""


def _read_table(table: str) -> dict[str, Currency]:
    lines = (line.split(" ", 2) for line in table.strip().splitlines())
    return {code: Currency(code, name, int(places)) for code, places, name in lines}


CURRENCIES: Mapping[str, Currency] = MappingProxyType(_read_table(_ISO_4217) | _read_table(_CRYPTO))
#: Units that prices are quoted in, but nothing is paid in: their currency, and how much of it.
MINOR_UNITS: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        "GBX": ("GBP", Decimal("0.01")),
        "GBp": ("GBP", Decimal("0.01")),
        "ILA": ("ILS", Decimal("0.01")),
        "ZAc": ("ZAR", Decimal("0.01")),
        "USX": ("USD", Decimal("0.01")),
        "USc": ("USD", Decimal("0.01")),
        "EUc": ("EUR", Decimal("0.01")),
    }
)
