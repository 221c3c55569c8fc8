"""Jobs of the platform itself."""

from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessLog
from django.contrib.sessions.models import Session

from common import clock
from config.tasks import clear_sessions, clear_sign_in_log


def test_expired_sessions_are_deleted_and_others_kept(db):
    Session.objects.create(
        session_key="old", session_data="", expire_date=datetime(2020, 1, 1, tzinfo=UTC)
    )
    Session.objects.create(
        session_key="new", session_data="", expire_date=clock.now() + timedelta(days=1)
    )

    clear_sessions()

    assert [session.session_key for session in Session.objects.all()] == ["new"]


@pytest.mark.parametrize(("days", "is_kept"), [(0, True), (29, True), (31, False)])
def test_a_sign_in_is_logged_for_thirty_days(db, browser_of, ada, days, is_kept):
    browser_of(ada).logout()
    browser_of(ada)
    assert AccessLog.objects.count() == 2
    AccessLog.objects.update(attempt_time=clock.now() - timedelta(days=days))

    clear_sign_in_log()

    assert AccessLog.objects.count() == (2 if is_kept else 0)
