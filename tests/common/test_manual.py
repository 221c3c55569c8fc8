"""The documents for users, as pages."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from common import manual

ANCHOR = re.compile(r'id="([^"]+)"')
LINK = re.compile(r'href="([^"]*)"')


def opened(name):
    answer = Client().get(reverse(name))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "title"), [("methods", "Methods"), ("glossary", "Glossary")])
def test_a_document_opens_for_visitors_who_are_offered_to_sign_in(name, title):
    page = opened(name)

    assert f">{title}</h1>" in page
    assert f'href="{reverse("account_login")}?next=/{name}/"' in page
    assert reverse("account_logout") not in page


@pytest.mark.parametrize("name", manual.NAMES)
def test_every_link_of_a_document_leads_somewhere(name):
    pages = {reverse(each): set(ANCHOR.findall(manual.read(each).content)) for each in manual.NAMES}

    for link in LINK.findall(manual.read(name).content):
        if link.startswith("https://"):
            continue
        address, _, anchor = link.partition("#")
        assert anchor in pages[address or reverse(name)] | {""}, link


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Cost", "cost"),
        ("Fees and taxes", "fees-and-taxes"),
        ("What a row changes", "what-a-row-changes"),
        ("Time-weighted (TWR), per year", "time-weighted-twr-per-year"),
    ],
)
def test_headings_have_the_anchors_that_github_gives_them(heading, anchor):
    assert manual.anchor_of(heading) == anchor


def test_html_in_a_document_is_shown_as_text(tmp_path, monkeypatch):
    (tmp_path / "raw.md").write_text("# Raw\n\n<script>alert(1)</script> and <b>bold</b>\n")
    monkeypatch.setattr(manual, "_FOLDER", tmp_path)

    content = manual.read("raw").content

    assert "<script" not in content
    assert "&lt;b&gt;bold" in content
