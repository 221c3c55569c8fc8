"""Have a directory tell by what instruments are known everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from bson import ObjectId

from common.remote.errors import RateLimited, RemoteFailure
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.adapters.base import IdentitySource
from marketdata.adapters.chain import AllFailed, Answer, first_answer
from marketdata.domain.identifiers import Identified, Question
from marketdata.domain.sources import Need
from marketdata.models import Instrument, SourceRun
from marketdata.services.source_runs import note_run

#: What a directory doesn't know it may have learned by then.
ASKED_AGAIN = timedelta(days=30)


def identify_instruments(
    sources: Sequence[IdentitySource], *, clock: Callable[[], datetime]
) -> int:
    """Store the share class of each shared instrument that lacks it; return how many got one.

    Asks for some at a time, those that were never asked about first, until all have been or the
    source wants a pause. What was answered is stored at once, also that nothing is known, so that
    the next run goes on where this one ended.
    """
    written, problems, name = 0, [], ""
    while sources and (questions := _next_questions(sources, now=clock())):
        try:
            found = _ask(sources, questions)
        except AllFailed as failed:
            for source, failure in failed.failures:
                _note_failure(source, failure, now=clock())
            return written
        now, name = clock(), found.source
        answers = list(zip(questions, found.value, strict=True))
        written += run_in_transaction(partial(_store, answers, now=now))
        problems += [
            f"{each.identity}: {known.problem}" for each, known in answers if known.problem
        ]
    if name:
        state = SourceRun.PARTIAL if problems else SourceRun.OK
        good = {"written": written}
        note_run(name, Need.IDENTITY, state, detail="\n".join(problems), now=clock(), good=good)
    return written


def _next_questions(sources: Sequence[IdentitySource], *, now: datetime) -> list[Question]:
    kinds = {kind for source in sources for kind in source.capabilities.asset_classes}
    most = min(source.most_at_once for source in sources)
    return selectors.list_unidentified(kinds, asked_before=now - ASKED_AGAIN, limit=most)


def _ask(
    sources: Sequence[IdentitySource], questions: Sequence[Question]
) -> Answer[Sequence[Identified]]:
    return first_answer(sources, lambda source: source.identify(questions))


def _store(answers: Sequence[tuple[Question, Identified]], *, now: datetime) -> int:
    written = 0
    for question, known in answers:
        # One that staff have corrected meanwhile is asked about anew.
        same = Instrument.objects.filter(
            pk=ObjectId(question.instrument_id),
            isin=question.isin,
            symbol=question.symbol,
            mic=question.mic,
        )
        changed = same.update(
            share_class_figi=known.share_class_figi, identified_at=now, updated_at=now
        )
        written += bool(changed and known.share_class_figi)
    return written


def _note_failure(source: str, failure: RemoteFailure, *, now: datetime) -> None:
    # To be asked for a pause is no failure: the next run goes on.
    is_pause = isinstance(failure, RateLimited)
    state = SourceRun.PARTIAL if is_pause else SourceRun.FAILED
    note_run(source, Need.IDENTITY, state, detail=failure.detail, now=now)
