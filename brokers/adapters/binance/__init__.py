"""Binance's spot and wallet API: `parser` reads."""
