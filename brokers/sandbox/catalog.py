"""What goes wrong at brokers, by number: each has a test that lets it happen and looks afterwards.

Afterwards means: once it is over, one ordinary sync leaves units, cash and events as they are in
the broker's books, nothing twice, and what its owner had changed as they had changed it.
"""

from __future__ import annotations

from collections.abc import Mapping

FAULTS: Mapping[str, str] = {
    "F1": "too many questions: 429 with `Retry-After`, in seconds or as a date",
    "F2": "429 that says only by `X-RateLimit-Reset` when it is over",
    "F3": "429 with `Retry-After: 0`, and 418 for whoever goes on asking",
    "F4": "500, 502, 503 or 504, as JSON or as a page for people",
    "F5": "silence, before the answer or in the middle of it",
    "F6": "an answer shorter than announced, or none at all",
    "F7": "JSON or XML that was cut off, under status 200",
    "F8": "an error, or a page for people, under status 200",
    "F9": "a page that comes twice",
    "F10": "rows that are left out between two pages",
    "F11": "fills that come out of order",
    "F12": "a fill that is told days late",
    "F13": "a trade that is corrected, or canceled and booked anew under the same number",
    "F14": "a trade or a payment that is taken back",
    "F15": "a key, token or login that ends in the middle",
    "F16": "a right that is missing",
    "F17": "fields that are new, missing, of another type, or say something unheard of",
    "F18": "positions that differ from what the history comes to",
    "F19": "an empty list where there was something",
    "F20": "clocks that differ, and times around a change of the clocks",
    "F21": "a socket that is refused, mute, dropped without a word, or says old things again",
    "F22": "a change of symbol and a reverse split over night",
    "F23": "two workers who sync the same account",
    "F24": "a worker who dies between two steps",
    "F25": "an answer that sends the question elsewhere",
}

_NO_PAGES = "what it tells has no pages"
_NO_CORRECTIONS = "it takes nothing back and corrects nothing"
_NO_SOCKET = "nothing is heard from it over a socket"
_NO_RESET = "it sends no such header"
_NO_ACTIONS = "it tells of no corporate actions"

#: By broker: what can't befall an account there, and why. Everything else has a case.
SPARED: Mapping[str, Mapping[str, str]] = {
    "binance": {
        "F2": _NO_RESET,
        "F13": _NO_CORRECTIONS,
        "F14": _NO_CORRECTIONS,
        "F21": _NO_SOCKET,
        "F22": _NO_ACTIONS,
    },
    "ibkr": {
        "F2": _NO_RESET,
        "F3": "it says by a number in its answer that it is asked too often",
        "F9": _NO_PAGES,
        "F21": _NO_SOCKET,
    },
    "kite": {
        "F2": _NO_RESET,
        "F9": _NO_PAGES,
        "F13": _NO_CORRECTIONS,
        "F14": _NO_CORRECTIONS,
        "F20": "no time goes along with a question, and India changes no clocks",
        "F21": _NO_SOCKET,
        "F22": _NO_ACTIONS,
    },
}
