"""The documents for users, as pages: what is written in `docs/`, rendered once a process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views import View
from markdown_it import MarkdownIt
from markdown_it.token import Token

_FOLDER = Path(__file__).resolve().parent.parent / "docs"
#: The documents that are pages; each is `docs/<name>.md`, at the address of that name.
NAMES = ("methods", "glossary")
_LINK = re.compile(rf"({'|'.join(NAMES)})\.md(#.*)?")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A part of a document that links lead to."""

    text: str
    anchor: str
    level: int


@dataclass(frozen=True, slots=True)
class Document:
    """A document, ready for a page."""

    headings: tuple[Heading, ...]
    content: SafeString

    @property
    def title(self) -> str:
        """Return what the document is called."""
        return self.headings[0].text


class ManualPage(View):
    """/methods/ and its like: open to everybody, signed in or not."""

    name = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the document."""
        return render(request, "manual.html", {"document": read(self.name)})


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading, the same as on GitHub, where the files are read too."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")


@cache
def read(name: str) -> Document:
    """Render one of the documents."""
    # A document is text: what looks like HTML in it is shown as it stands.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    headings = tuple(_give_anchors(tokens))
    _lead_to_pages(tokens)
    content = markdown.renderer.render(tokens, markdown.options, {})
    return Document(headings, mark_safe(content))  # noqa: S308 - our own text, escaped above


def _give_anchors(tokens: Sequence[Token]) -> list[Heading]:
    headings = []
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            heading = Heading(inside.content, anchor_of(inside.content), int(token.tag[1:]))
            token.attrSet("id", heading.anchor)
            headings.append(heading)
        elif token.type == "table_open":
            token.attrSet("class", "table")
    return headings


def _lead_to_pages(tokens: Sequence[Token]) -> None:
    """Point links between the files at the pages that show them."""
    for token in (child for each in tokens for child in each.children or ()):
        target = token.attrGet("href") if token.type == "link_open" else None
        match = _LINK.fullmatch(str(target))
        if match:
            token.attrSet("href", reverse(match[1]) + (match[2] or ""))
