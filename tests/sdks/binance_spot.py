"""Look around a spot account with the official binance-connector; print what it says.

Arguments: the address of Binance; the key; the secret.
"""

import json
import sys
from typing import Any

from binance.error import ClientError
from binance.spot import Spot


def main(root: str, key: str, secret: str) -> dict[str, Any]:
    """Return what there was to see."""
    spot = Spot(key, secret, base_url=root)
    balances = spot.account(omitZeroBalances="true")["balances"]
    found = {
        "account": spot.account()["uid"],
        "balances": {each["asset"]: each["free"] for each in balances},
        "pairs": [each["symbol"] for each in spot.exchange_info()["symbols"]],
        "trades": [each["id"] for each in spot.my_trades("BTCUSDT", fromId=0)],
        "orders": {each["status"] for each in spot.get_orders("BTCUSDT")},
        "candles": len(spot.klines("BTCUSDT", "1d", limit=3)),
        "deposits": [each["coin"] for each in spot.deposit_history()],
        "withdrawals": [each["transactionFee"] for each in spot.withdraw_history()],
        "dust": spot.dust_log()["total"],
        "earn": spot.get_flexible_product_position()["total"],
        "distributions": spot.asset_dividend_record()["total"],
        "rewards": spot.get_flexible_rewards_history("ALL")["total"],
    }
    found["orders"] = sorted(found["orders"])
    try:
        Spot(key, "wrong", base_url=root).account()
    except ClientError as failure:
        found["refused"] = failure.error_code
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - which is what the test reads
