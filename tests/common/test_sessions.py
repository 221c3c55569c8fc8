"""What sessions can keep."""

import pytest
from bson import ObjectId
from django.contrib.sessions.backends.db import SessionStore

from common.sessions import ObjectIdSerializer

KEY = ObjectId("0123456789abcdef01234567")


def test_an_object_id_is_kept_as_text():
    serializer = ObjectIdSerializer()

    kept = serializer.loads(serializer.dumps({"user": KEY, "nested": {"ids": [KEY]}}))

    assert kept == {"user": str(KEY), "nested": {"ids": [str(KEY)]}}


@pytest.mark.parametrize("content", [{}, {"text": "Übermäßig €"}, {"n": 1, "list": [None, True]}])
def test_everything_that_json_knows_comes_back_as_it_was(content):
    serializer = ObjectIdSerializer()

    assert serializer.loads(serializer.dumps(content)) == content


@pytest.mark.parametrize("content", [object(), {1, 2}, b"bytes"])
def test_anything_else_is_refused(content):
    with pytest.raises(TypeError, match="can't keep"):
        ObjectIdSerializer().dumps({"thing": content})


def test_a_session_is_stored_and_found_again(db):
    session = SessionStore()
    session["user"] = KEY
    session.create()

    assert SessionStore(session.session_key)["user"] == str(KEY)
