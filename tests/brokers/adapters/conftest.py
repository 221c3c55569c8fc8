"""Reading statements from bytes and from the files beside the tests."""

import io
from datetime import date
from pathlib import Path

import pytest

from brokers.adapters.registry import recognize
from portfolios.domain.checks import check
from portfolios.domain.transactions import Draft

STATEMENTS = Path(__file__).parents[2] / "data" / "statements"
_DRAFT_FIELDS = frozenset(Draft.__dataclass_fields__)


@pytest.fixture(scope="session")
def sample():
    """Return the content of a file beside the tests."""
    return lambda name: (STATEMENTS / name).read_bytes()


@pytest.fixture(scope="session")
def rows_of():
    """Read all rows of a file's content."""

    def read(content, file_name="statement"):
        if isinstance(content, str):
            content = content.encode()
        statement_format = recognize(content[:65_536], file_name)
        return list(statement_format.rows(io.BytesIO(content)))

    return read


@pytest.fixture(scope="session")
def only_row_of(rows_of):
    """Read a file's only row."""

    def read(content):
        (row,) = rows_of(content)
        return row

    return read


@pytest.fixture(scope="session")
def problems_of():
    """Say what is wrong with a row: what can't be read, or what its kind doesn't allow."""

    def problems(row):
        if row.errors:
            return [(error.field, error.message) for error in row.errors]
        fields = {name: value for name, value in row.draft_fields.items() if name in _DRAFT_FIELDS}
        has_instrument = row.draft_fields.get("symbol") or row.draft_fields.get("isin")
        draft = Draft(**fields, instrument_id="1" if has_instrument else None)
        return [(each.field, each.message) for each in check(draft, today=date(2026, 11, 23))]

    return problems
