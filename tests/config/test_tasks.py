"""Jobs of the platform itself."""

from datetime import UTC, datetime, timedelta

from django.contrib.sessions.models import Session

from common import clock
from config.tasks import clear_sessions


def test_expired_sessions_are_deleted_and_others_kept(db):
    Session.objects.create(
        session_key="old", session_data="", expire_date=datetime(2020, 1, 1, tzinfo=UTC)
    )
    Session.objects.create(
        session_key="new", session_data="", expire_date=clock.now() + timedelta(days=1)
    )

    clear_sessions()

    assert [session.session_key for session in Session.objects.all()] == ["new"]
