"""What the project reads from outside is written down."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("common", "accounts", "marketdata", "portfolios", "brokers", "realtime", "config")
#: `env.str("NAME"` of django-environ, and `os.environ.get("NAME"`.
READING = re.compile(r'\b(?:env(?:\.\w+)?|environ\.get)\(\s*"([A-Z][A-Z_]+)"')
#: Named by a variable of their class, in `config.servers`.
READ_BY_NAME = {"MONGODB_URI", "REDIS_URL"}


def read_variables() -> set[str]:
    """Find every variable that the code reads."""
    files = (file for app in APPS for file in (ROOT / app).rglob("*.py"))
    return READ_BY_NAME.union(*(READING.findall(file.read_text()) for file in files))


def documented_variables() -> dict[str, str]:
    """Map each variable of `.env.example` to the comment above it."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line.startswith("#"):
            comment.append(line.lstrip("# "))
        elif line:
            found[line.partition("=")[0]] = " ".join(comment)
            comment = []
        else:
            comment = []
    return found


def test_every_variable_is_in_the_example_and_no_other():
    assert set(documented_variables()) == read_variables()


def test_every_variable_is_explained():
    unexplained = [name for name, comment in documented_variables().items() if len(comment) < 10]

    assert unexplained == []


def test_the_example_holds_no_secret():
    values = dict(
        line.partition("=")[::2]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )

    assert [values[name] for name in ("SECRET_KEY", "JWT_SIGNING_KEY", "MONGODB_URI")] == [""] * 3
