"""Have a Flex statement made, fetch it and read it with ibflex; print what it says.

Arguments: the address of the service; the number of the query; the token.
"""

import json
import sys
import warnings
from typing import Any

from ibflex import Types, client, parser


def main(root: str, query: str, token: str) -> dict[str, Any]:
    """Return what there was to see."""
    # What isn't ready is asked for again after five seconds, and the answer is the same sooner.
    client.time.sleep = lambda _seconds: None
    client.REQUEST_URL = f"{root}/AccountManagement/FlexWebService/SendRequest"
    body = client.download(token, query)
    with warnings.catch_warnings():
        # An element or attribute that it doesn't know.
        warnings.simplefilter("error")
        (statement,) = parser.parse(body).FlexStatements
    found = {
        "account": statement.accountId,
        "currency": statement.AccountInformation.currency,
        "trades": [trade_of(each) for each in statement.Trades],
        "payments": sorted({each.type.value for each in statement.CashTransactions}),
        "splits": [(each.symbol, str(each.quantity)) for each in statement.CorporateActions],
        "transfers": [(each.symbol, str(each.quantity)) for each in statement.Transfers],
        "positions": {each.symbol: str(each.position) for each in statement.OpenPositions},
        "cash": {each.currency: str(each.endingCash) for each in statement.CashReport},
    }
    try:
        client.download(f"{token}0", query)
    except client.ResponseCodeError as failure:
        found["refused"] = failure.code
    return found


def trade_of(trade: Types.Trade) -> list[str]:
    """Return what tells one execution from another."""
    return [
        trade.transactionID,
        trade.transactionType.value,
        trade.buySell.value,
        trade.symbol,
        str(trade.quantity),
        trade.origTransactionID or "",
    ]


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - which is what the test reads
