"""The examples in the documentation import as they are shown."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "imports.md"
EXAMPLES = re.findall(r"```(?:csv|json)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_imports(rows_of, problems_of, example):
    rows = rows_of(example)

    assert rows
    assert [problems_of(row) for row in rows] == [[]] * len(rows)


def test_there_are_examples_of_both_kinds():
    assert len(EXAMPLES) == 3
