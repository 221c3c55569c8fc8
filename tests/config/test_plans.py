"""The look-ups of sign-in, sessions and the schedule use indexes; and the proof itself works."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from accounts.models import User
from config.schedule import install_schedule
from tests.plans import explain_uses_index

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def ada(db):
    return User.objects.create(email="ada@example.com")


def test_signing_in_by_e_mail_uses_an_index(ada):
    explain_uses_index(User.objects.filter(email="ada@example.com"))


def test_finding_a_session_uses_an_index(db):
    Session.objects.create(session_key="k" * 32, session_data="", expire_date=NOW)

    explain_uses_index(Session.objects.filter(session_key="k" * 32, expire_date__gt=NOW))
    explain_uses_index(Session.objects.filter(expire_date__lt=NOW))


def test_looking_jobs_up_uses_an_index(db):
    install_schedule()
    job = PeriodicTask.objects.order_by("name").first()

    explain_uses_index(PeriodicTask.objects.filter(name=job.name))
    explain_uses_index(PeriodicTask.objects.filter(pk=job.pk, enabled=True))
    explain_uses_index(PeriodicTasks.objects.filter(ident=1))


def test_a_join_by_key_uses_an_index(ada):
    LogEntry.objects.create(user=ada, action_flag=1)

    explain_uses_index(LogEntry.objects.filter(user=ada).select_related("user"), may_sort=True)


def test_reading_a_whole_collection_is_found(ada):
    with pytest.raises(AssertionError, match="User reads the whole collection"):
        explain_uses_index(User.objects.filter(locale="en-US"))


def test_sorting_in_memory_is_found(ada):
    by_currency = User.objects.filter(email="ada@example.com").order_by("base_currency")

    with pytest.raises(AssertionError, match="User sorts in memory"):
        explain_uses_index(by_currency)
    explain_uses_index(by_currency, may_sort=True)


@pytest.fixture
def members_without_index(db):
    """Take the index away by which a group finds its members."""
    members = User.groups.through
    group = members._meta.get_field("group")
    with connection.schema_editor() as editor:
        editor._remove_field_index(members, group)
        yield
        editor._add_field_index(members, group)


def test_joining_without_an_index_is_found(members_without_index):
    with pytest.raises(AssertionError, match="Group joins by reading the whole other collection"):
        explain_uses_index(Group.objects.filter(name="staff", user__email="ada@example.com"))


def test_joining_with_an_index_passes(db):
    explain_uses_index(Group.objects.filter(name="staff", user__email="ada@example.com"))


def test_a_query_that_never_runs_proves_nothing(db):
    with pytest.raises(AssertionError, match="never runs"):
        explain_uses_index(User.objects.none())
