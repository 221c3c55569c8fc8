"""Run the benchmarks: `python -m benchmarks [NAME …]`.

Each benchmark is a module of this folder with a function `run() -> list[Figure]`, and gets servers
and a database of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command

from benchmarks.measure import Figure
from config import embedded

FOLDER = Path(__file__).parent
_NOT_BENCHMARKS = {
    *("__init__", "__main__", "floor", "ledgers", "load", "measure", "plain", "serving"),
    *("settings", "sockets", "textbook", "textbook_settings"),
}


def names() -> list[str]:
    """List the benchmarks there are."""
    found = (path.stem for path in FOLDER.glob("*.py"))
    return sorted(name.replace("_", "-") for name in found if name not in _NOT_BENCHMARKS)


def main(wanted: list[str]) -> int:
    """Run the benchmarks that are wanted, print a table and store the figures."""
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"No benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}.")
        return 2
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="livefolio-bench-") as folder,
        embedded.running(Path(folder)) as addresses,
    ):
        os.environ.update(addresses)
        _set_up_django()
        for name in wanted or names():
            module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
            figures += module.run()
    _print_table(figures)
    rows = [figure.as_row() for figure in figures]
    (FOLDER / "results.json").write_text(json.dumps(rows, indent=2) + "\n")
    return 0 if all(figure.is_kept for figure in figures) else 1


def _set_up_django() -> None:
    # Only now: the settings read the servers' addresses as soon as they are imported.
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    django.setup()
    call_command("migrate", verbosity=0)


def _print_table(figures: list[Figure]) -> None:
    width = max((len(figure.name) for figure in figures), default=4)
    print(f"{'name':<{width}}  {'value':>12}  {'unit':<10}  {'budget':>12}  ok")
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        budget = "" if figure.budget is None else f"{sign} {figure.budget:g}"
        kept = "yes" if figure.is_kept else "NO"
        value = f"{figure.value:>12.4g}  {figure.unit:<10}"
        print(f"{figure.name:<{width}}  {value}  {budget:>12}  {kept}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
