"""OpenFIGI's mapping: instruments to questions, bytes to identifiers.

Source: https://www.openfigi.com/api/documentation
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.remote.errors import Schema
from common.remote.http import read_json
from common.texts import quoted
from marketdata.domain.identifiers import Identified, Question, is_figi, one_share_class
from marketdata.domain.instruments import UNITED_STATES
from marketdata.domain.spelling import other_spellings

_WHO = "OpenFIGI"
_LONGEST_PROBLEM = 200
#: How it says that a question was understood, and nothing fits.
_NOTHING = "No identifier found."


def job_of(question: Question) -> dict[str, str]:
    """Return how it is asked about an instrument.

    By the ISIN, whose listings are all of one share class. By symbol and market otherwise; the
    Nasdaq is known there by its segments only, so that the whole of the United States is named.
    """
    if question.isin:
        return {"idType": "ID_ISIN", "idValue": question.isin}
    spelled = [each for each in other_spellings(question.symbol) if "/" in each]
    job = {"idType": "TICKER", "idValue": (spelled or [question.symbol])[0]}
    in_states = question.mic in UNITED_STATES
    place = {"exchCode": "US"} if in_states else {"micCode": question.mic}
    return job | place | {"marketSecDes": "Equity"}


def parse_mapping(body: bytes, *, asked: int) -> Sequence[Identified]:
    """Read the answers to so many questions, in their order.

    One that fits nothing is an answer too; one that is refused costs only itself.

    Raises:
        Schema: these are no answers, or not as many as there were questions.
    """
    content = read_json(body, who=_WHO)
    if not isinstance(content, list) or len(content) != asked:
        raise Schema(f"{_WHO} sent no list of {asked} answers.")
    return [_answer(each) for each in content]


def _answer(content: Any) -> Identified:
    if not isinstance(content, dict):
        return Identified(problem="the answer is none.")
    rows = content.get("data")
    if isinstance(rows, list):
        return _identified(rows)
    told = content.get("error") or content.get("warning")
    if told == _NOTHING:
        return Identified()
    problem = str(told)[:_LONGEST_PROBLEM] if told else "the answer is none."
    return Identified(problem=problem)


def _identified(rows: Sequence[Any]) -> Identified:
    told = [row.get("shareClassFIGI") for row in rows if isinstance(row, dict)]
    # What isn't a share, such as an index of shares, belongs to no class of them.
    figis = [figi for figi in told if figi is not None]
    wrong = [figi for figi in figis if not (isinstance(figi, str) and is_figi(figi))]
    if wrong or len(told) != len(rows):
        named = quoted(str(wrong[0])) if wrong else "a row without fields"
        return Identified(problem=f"{named} is no FIGI.")
    return one_share_class(figis)
