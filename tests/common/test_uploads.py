"""Bodies that are too large."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from common.uploads import CappedUploadHandler

MEGABYTE = 1_048_576


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.UPLOAD_MAX_BYTES = 2 * MEGABYTE
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = MEGABYTE


def a_file(size, name="activities.csv"):
    return SimpleUploadedFile(name, b"x" * size)


class Body:
    """A body that notices when it is read."""

    def __init__(self):
        self.was_read = False

    def read(self, *_size):
        self.was_read = True
        return b""

    readline = read


@pytest.mark.parametrize(
    ("kind", "length", "status"),
    [
        ("application/json", MEGABYTE + 1, 413),
        ("text/plain", MEGABYTE + 1, 413),
        ("", 10**15, 413),
        ("multipart/form-data; boundary=x", 3 * MEGABYTE, 413),
        ("multipart/form-data; boundary=x", 200 * MEGABYTE, 413),
        ("application/json", MEGABYTE, 400),
    ],
)
def test_a_declared_length_is_checked_before_anything_is_read(visitor, kind, length, status):
    body = Body()
    environ = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(length), "wsgi.input": body}

    answer = visitor.post("/api/fail/fine", **environ)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert body.was_read == (status != 413)


def test_a_page_is_answered_for_a_page(visitor):
    answer = visitor.post("/fail/fine", {"file": a_file(3 * MEGABYTE)})

    assert answer.status_code == 413
    assert answer["Content-Type"].startswith("text/html")
    assert "At most 2 MB are taken." in answer.content.decode()


@pytest.mark.parametrize("length", ["junk", "-1", "", "1e9"])
def test_a_length_that_is_none_is_no_length(visitor, length):
    answer = visitor.post("/api/fail/fine", CONTENT_TYPE="application/json", CONTENT_LENGTH=length)

    assert answer.status_code in {400, 422}


def test_a_body_in_chunks_is_asked_to_say_its_length(visitor):
    answer = visitor.generic(
        "POST", "/api/fail/fine", b"", "application/json", HTTP_TRANSFER_ENCODING="chunked"
    )

    assert answer.status_code == 411
    assert answer.json()["type"] == "/problems/length-required"


def test_a_file_within_the_limit_passes_whole():
    request = RequestFactory().post("/", {"note": "n", "file": a_file(2 * MEGABYTE)})

    assert request.FILES["file"].size == 2 * MEGABYTE
    assert request.POST["note"] == "n"


def test_reading_stops_at_the_limit_when_the_length_was_a_lie():
    request = RequestFactory().post("/", {"file": a_file(3 * MEGABYTE)})
    handler = CappedUploadHandler(request)
    handler.handle_raw_input = lambda *_args, **_named: None
    request.upload_handlers = [handler]

    with pytest.raises(RequestDataTooBig):
        _ = request.FILES


def test_many_small_files_count_together():
    files = {f"file{n}": a_file(MEGABYTE // 2) for n in range(5)}
    request = RequestFactory().post("/", files)
    handler = CappedUploadHandler(request)
    handler.handle_raw_input = lambda *_args, **_named: None
    request.upload_handlers = [handler]

    with pytest.raises(RequestDataTooBig):
        _ = request.FILES
