"""A file's content tells its format; what can't be imported is named."""

import gzip
import io
import zipfile

import pytest

from brokers.adapters.registry import UnknownFormat, recognize


def zipped(name: str, content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'{"format": "livefolio", "version": 1, ', "livefolio-json"),
        (b'\xef\xbb\xbf\n{ "format":"livefolio"', "livefolio-json"),
        (b'{\n  "meta": {', "ghostfolio"),
        (b'{"activities":[', "ghostfolio"),
        (b"Date,Type\n", "csv"),
        (
            b"\xef\xbb\xbfsymbol,isin,trade_date,trade_type,trade_id,order_execution_time\r\n",
            "kite-tradebook",
        ),
        (b"symbol,isin,trade_date,trade_type\n", "csv"),
        ("Datum;Währung\n".encode("cp1252"), "csv"),
        ("Date\tType\n".encode("utf-16"), "csv"),
        (b"MZ,Date,Type,Currency\n", "csv"),
        (b'<FlexQueryResponse queryName="a, b" type="AF">', "ibkr-flex"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<FlexQueryResponse>', "ibkr-flex"),
    ],
)
def test_formats_are_recognized_by_content(head, name):
    assert recognize(head, "anything.bin").name == name


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (zipped("bomb.csv", b"0" * 10_000_000), "a zip archive; unpack it first"),
        (zipped("[Content_Types].xml", b"<x/>"), "an Excel workbook; save it as CSV"),
        (gzip.compress(b"Date,Type\n", mtime=0), "a gzip archive"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\x00", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel or Word file"),
        (b"MZ\x90\x00\x03", "a program"),
        (b"\x00\x01\x02", "something that isn't text"),
        (b"name\x00" + b"\x00" * 252 + b"ustar\x00", "a tar archive"),
        (b"<!DOCTYPE html><html>", "a web page or an XML document"),
        (b"<FlexStatementResponse><Status>Fail", "a web page or an XML document"),
        (b'{"holdings": []}', "text in an unknown form"),
        (b"[1, 2]", "text in an unknown form"),
    ],
)
def test_what_cannot_be_imported_is_named_whatever_it_is_called(head, words):
    with pytest.raises(UnknownFormat, match=words):
        recognize(head, "transactions.csv")


def test_the_refusal_says_what_can_be_imported():
    with pytest.raises(UnknownFormat, match=r"Livefolio \(JSON\), Ghostfolio activities .*, CSV"):
        recognize(b"%PDF-1.7", "statement.pdf")
