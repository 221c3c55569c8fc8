"""What is written about the API is what it does."""

import json
import os
import re
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from common.errors import Failure
from marketdata.domain.instruments import AssetClass
from portfolios.api.serializers import TransactionInput
from portfolios.domain.kinds import RULES
from tests import factories

DOCS = Path(__file__).resolve().parent.parent / "docs"
GUIDE = (DOCS / "api.md").read_text()


@pytest.fixture
def generated(settings) -> str:
    """Return the OpenAPI document as `make openapi` writes it: with production's cookie name."""
    settings.SESSION_COOKIE_NAME = "__Host-session"
    written = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=written)
    return written.getvalue()


def test_the_stored_description_is_what_the_code_generates(generated):
    stored = (DOCS / "openapi.yaml").read_text()

    assert stored.strip() == generated.strip(), "Run make openapi, and look at what changed."


def test_every_endpoint_is_in_the_guide_and_no_other(generated):
    described = yaml.safe_load(generated)["paths"]

    served = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in described.items()
        for method in operations
    }

    assert set(re.findall(r"^\| `([A-Z]+ /\S+)` \|", GUIDE, re.MULTILINE)) == served


def test_every_operation_says_how_it_fails(generated):
    document = yaml.safe_load(generated)

    for operations in document["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert "Problem" in document["components"]["schemas"]


def test_problems_in_the_guide_exist():
    known, waiting = set(), [Failure]
    while waiting:
        kind = waiting.pop()
        known.add(kind.code)
        waiting += kind.__subclasses__()

    assert set(re.findall(r"/problems/([a-z-]+)", GUIDE)) <= known


def listed_after(heading: str, column: str) -> list[tuple[str, ...]]:
    """Return the cells of the guide's table with such a first column, after a heading."""
    table = GUIDE.partition(f"\n## {heading}\n")[2].partition(f"\n| {column} |")[2]
    lines = table.partition("\n\n")[0].splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def names_in(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def test_the_asset_classes_in_the_guide_are_all_there_are():
    listed = listed_after("Recording a transaction", "`asset_class`")

    assert [cells[0].strip("`") for cells in listed] == [each.value for each in AssetClass]


def test_the_guide_says_what_each_kind_of_transaction_needs_and_may_have():
    listed = {
        kind: (names_in(needs), names_in(allows))
        for kinds, needs, allows in listed_after("Recording a transaction", "Kind")
        for kind in names_in(kinds)
    }

    assert listed == {
        kind.value: (set(rule.needs), set(rule.allows)) for kind, rule in RULES.items()
    }


def test_every_field_of_a_transaction_is_in_the_guide():
    listed = [names_in(cells[0]) for cells in listed_after("Recording a transaction", "Field")]

    assert {"kind"}.union(*listed) == set(TransactionInput().fields)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the session needs curl")
@pytest.mark.django_db(transaction=True)
def test_the_session_in_the_guide_works(live_server, ada, tmp_path):
    apple = factories.make_instrument("AAPL")
    factories.make_closes(apple, {"2026-02-27": "200"})
    (script,) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    url = f"{live_server.url}/api/v1".replace("localhost", "127.0.0.1")

    ran = subprocess.run(
        ["/bin/sh", "-eu"],
        input=script,
        env=os.environ
        | {"URL": url, "EMAIL": ada.email, "PASSWORD": "correct horse battery staple"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    summary = json.loads(ran.stdout[ran.stdout.rindex('{"portfolio_id"') :])
    assert (summary["total"], summary["status"]) == ("1048.5", "complete")
