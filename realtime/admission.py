"""Who may connect, who may stay, and who may watch what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar, cast

from bson import ObjectId
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.utils.crypto import constant_time_compare

from accounts.models import User
from brokers import selectors as imports
from marketdata import selectors as market
from portfolios import selectors as portfolios
from portfolios.selectors import watching

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

# Threads of our own, so that a storm of reconnecting clients doesn't queue up behind one.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live-database")


@dataclass(frozen=True, slots=True)
class Credential:
    """By what somebody is signed in: a session's key, or what a ticket was issued for.

    `auth_hash` changes with the password.
    """

    user_id: str
    auth_hash: str
    session_key: str | None = None


@dataclass(frozen=True, slots=True)
class Watchable:
    """What somebody may watch of what they asked for."""

    instruments: frozenset[str]
    portfolios: frozenset[str]
    jobs: frozenset[str]


async def in_database(
    ask: Callable[Arguments, Answer], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Answer:
    """Run a synchronous function that uses the database, in a thread."""
    run = database_sync_to_async(ask, thread_sensitive=False, executor=_threads)
    return cast(Answer, await run(*args, **kwargs))


def credential_of(user: User) -> Credential:
    """Return what a ticket for a user is issued for."""
    return Credential(user_id=str(user.pk), auth_hash=user.get_session_auth_hash())


def credential_of_session(session_key: str) -> Credential | None:
    """Return the credential that a session's cookie stands for, or None if it stands for none."""
    user = _user_of_session(session_key)
    if user is None:
        return None
    return Credential(str(user.pk), user.get_session_auth_hash(), session_key)


def list_ended(credentials: Sequence[Credential]) -> list[Credential]:
    """List those that no longer let anybody in: signed out, another password, deactivated."""
    return [each for each in credentials if not _is_valid(each)]


def find_watchable(
    user_id: str,
    instruments: Collection[str],
    portfolio_ids: Collection[str],
    job_ids: Collection[str],
) -> Watchable:
    """Keep what a user may watch; a stranger's things are as if they did not exist."""
    seen = market.visible_ids([ObjectId(key) for key in instruments], user_id=ObjectId(user_id))
    own = [key for key in portfolio_ids if portfolios.find_portfolio_for(user_id, key)]
    jobs = [str(job["id"]) for job in jobs_of(user_id, job_ids)]
    return Watchable(frozenset(seen), frozenset(own), frozenset(jobs))


def jobs_of(user_id: str, job_ids: Collection[str]) -> list[Mapping[str, Any]]:
    """Return how far those of some imports are that belong to a user."""
    if not job_ids:
        return []
    return imports.list_progress([ObjectId(key) for key in job_ids], owner_id=ObjectId(user_id))


def unread_of(user_id: str) -> int:
    """Return how much waits in a user's inbox."""
    return watching.count_unread(ObjectId(user_id))


def _is_valid(credential: Credential) -> bool:
    if credential.session_key is not None:
        user = _user_of_session(credential.session_key)
    else:
        user = User.objects.filter(pk=credential.user_id, is_active=True).first()
    return (
        user is not None
        and str(user.pk) == credential.user_id
        and constant_time_compare(user.get_session_auth_hash(), credential.auth_hash)
    )


def _user_of_session(session_key: str) -> User | None:
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    # Django asks a request for nothing but its session here.
    user: Any = get_user(cast(Any, SimpleNamespace(session=session)))
    return user if isinstance(user, User) else None
