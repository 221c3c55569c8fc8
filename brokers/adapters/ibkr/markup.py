"""The XML of Flex statements: which sections an answer has, and the rows of those that we read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from common.remote.errors import Schema

#: What a ledger is made of; everything else is passed over.
SECTIONS = frozenset(
    {
        "AccountInformation",
        "CashReport",
        "CashTransactions",
        "CorporateActions",
        "OpenPositions",
        "SecuritiesInfo",
        "Trades",
        "Transfers",
    }
)
_WHO = "Interactive Brokers"
_STATEMENT_DEPTH = 3
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a section: its name and its attributes, all texts."""

    tag: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """What one account's part of an answer holds.

    Attributes:
        values: of the statement itself, such as `accountId` and `toDate`.
        sections: by name; what the query leaves out isn't in here, what is empty is.
    """

    values: Mapping[str, str]
    sections: dict[str, list[Row]]

    @property
    def account(self) -> str:
        """Return the number of the account."""
        return self.values.get("accountId", "").strip()

    def rows(self, section: str) -> list[Row]:
        """Return the rows of a section, none if it isn't there."""
        return self.sections.get(section, [])


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What the service says where it sends no statement: a reference, or an error."""

    status: str = ""
    reference: str = ""
    url: str = ""
    error: str = ""
    message: str = ""


def read_statements(body: bytes) -> tuple[Statement, ...]:
    """Read the statements of a Flex query.

    Raises:
        Schema: it is no well-formed answer of a Flex query, or has no statement.
    """
    reader = _Reader()
    reader.parse(body)
    if reader.root != "FlexQueryResponse":
        raise Schema(f"{_WHO} sent no statement of a Flex query.")
    if not reader.statements:
        raise Schema(f"{_WHO} sent an answer without a statement.")
    return tuple(reader.statements)


def read_service_answer(body: bytes) -> ServiceAnswer | None:
    """Read what the service says instead of a statement; None if it is one.

    Raises:
        Schema: it is neither.
    """
    if b"<FlexQueryResponse" in body[:1_024]:
        return None
    reader = _Reader()
    reader.parse(body)
    if reader.root != "FlexStatementResponse":
        raise Schema(f"{_WHO} sent something that is no answer of the Flex service.")
    texts = {name: text.strip() for name, text in reader.texts.items()}
    return ServiceAnswer(
        status=texts.get("Status", ""),
        reference=texts.get("ReferenceCode", ""),
        url=texts.get("Url", ""),
        error=texts.get("ErrorCode", ""),
        message=texts.get("ErrorMessage", ""),
    )


@dataclass(slots=True)
class _Reader:
    """Walks through the elements; never looks up an entity, for none may be declared."""

    root: str = ""
    statements: list[Statement] = field(default_factory=list)
    #: Of the elements right below the root.
    texts: dict[str, str] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)

    def parse(self, body: bytes) -> None:
        """Read all of it.

        Raises:
            Schema: it isn't well-formed, nests too deep, or declares a document type.
        """
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._say
        parser.StartDoctypeDeclHandler = _refuse_doctype
        try:
            parser.Parse(body, True)  # noqa: FBT003 - takes no keywords
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise Schema(f"{_WHO} sent something that isn't well-formed XML.") from error

    def _begin(self, tag: str, values: dict[str, str]) -> None:
        self._path.append(tag)
        depth = len(self._path)
        if depth > _DEEPEST:
            raise Schema(f"{_WHO} sent XML that nests too deep.")
        if depth == 1:
            self.root = tag
        elif tag == "FlexStatement" and depth == _STATEMENT_DEPTH:
            self.statements.append(Statement(values, {}))
        elif self.statements and depth > _STATEMENT_DEPTH:
            self._take(tag, values, depth=depth)

    def _take(self, tag: str, values: dict[str, str], *, depth: int) -> None:
        section = self._path[_STATEMENT_DEPTH]
        if section not in SECTIONS:
            return
        rows = self.statements[-1].sections.setdefault(section, [])
        # A section of one row has its attributes itself.
        if depth > _STATEMENT_DEPTH + 1 or values:
            rows.append(Row(tag, values))

    def _end(self, _tag: str) -> None:
        self._path.pop()

    def _say(self, text: str) -> None:
        if len(self._path) == 2 and self.root != "FlexQueryResponse":
            self.texts[self._path[-1]] = self.texts.get(self._path[-1], "") + text


def _refuse_doctype(*_declared: object) -> None:
    raise Schema(f"{_WHO} sent XML that declares a document type.")
