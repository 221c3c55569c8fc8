"""The currencies there are, and what their smallest payable units are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from common.errors import InvalidInput
from common.texts import quoted


class UnknownCurrency(InvalidInput):
    """There is no such currency."""

    code = "unknown-currency"


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency, and how many decimals its smallest payable unit has."""

    code: str
    name: str
    minor_units: int


def minor_units(currency: str) -> int:
    """Return how many decimals a currency's smallest payable unit has: 2 for EUR, 0 for JPY.

    Raises:
        UnknownCurrency: the code means no currency.
    """
    known = CURRENCIES.get(currency)
    if known is None:
        raise UnknownCurrency(f"{quoted(currency)} is not a currency.")
    return known.minor_units


def is_currency(code: str) -> bool:
    """Say whether a code is that of a currency: ISO 4217, or a common crypto currency."""
    return code in CURRENCIES


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


def in_major(currency: str, amount: Decimal) -> tuple[str, Decimal]:
    """Turn pence into pounds: prices are quoted in them, but nobody has an account in them.

    A unit is no rate: it is the same on all days, and takes nothing but a shift of the point.
    """
    major = MINOR_UNITS.get(currency)
    return (currency, amount) if major is None else (major[0], amount * major[1])
