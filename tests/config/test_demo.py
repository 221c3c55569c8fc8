"""What the demo sets up, without running it."""

import re
import socket
import stat

import pytest

from config import demo


def test_secrets_are_made_once_and_are_nobody_else_s_to_read(tmp_path):
    first = demo.environment(tmp_path, port=8_000, with_accounts=True)
    second = demo.environment(tmp_path, port=8_000, with_accounts=True)

    for each in (first, second):
        # It listens wherever there is room.
        assert each.pop("BROKER_SANDBOX_URL").startswith("http://127.0.0.1:")
        assert each.pop("BROKER_SANDBOX_KITE_URL").startswith("http://127.0.0.1:")
    assert first == second
    assert len({first["SECRET_KEY"], first["JWT_SIGNING_KEY"]}) == 2
    assert min(len(first["SECRET_KEY"]), len(first["JWT_SIGNING_KEY"])) >= 50
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_secrets_from_before_there_were_brokers_are_kept_and_completed(tmp_path):
    (tmp_path / "secrets.json").write_text('{"SECRET_KEY": "old", "JWT_SIGNING_KEY": "older"}')

    variables = demo.environment(tmp_path, port=8_000, with_accounts=False)

    assert (variables["SECRET_KEY"], variables["JWT_SIGNING_KEY"]) == ("old", "older")
    assert variables["BROKER_KEYS"].startswith("k1:")
    assert variables == demo.environment(tmp_path, port=8_000, with_accounts=False)


def test_each_folder_has_secrets_of_its_own(tmp_path):
    keys = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        keys.add(demo.environment(tmp_path / name, port=1, with_accounts=True)["SECRET_KEY"])

    assert len(keys) == 2


def test_demo_accounts_are_only_for_the_demo_s_own_database(tmp_path):
    variables = demo.environment(tmp_path, port=8_000, with_accounts=False)
    names = [step.name for step in demo.steps(variables, with_accounts=False)]

    assert variables["DEMO_ACCOUNTS"] == "false"
    assert "load_demo" not in names
    assert demo.DEMO_PASSWORD not in demo.welcome(8_000, with_accounts=False)


def test_the_assets_are_built_before_anything_looks_for_them(tmp_path):
    variables = demo.environment(tmp_path, port=8_000, with_accounts=True)
    names = [step.name for step in demo.steps(variables, with_accounts=True)]

    assert names == ["build_frontend", "collectstatic", "set_up", "load_demo"]


def test_the_demo_is_for_this_machine_only(tmp_path):
    variables = demo.environment(tmp_path, port=8_123, with_accounts=True)
    web = demo.services(variables, port=8_123)[0]

    assert variables["DEBUG"] == "false"
    assert variables["ALLOWED_HOSTS"] == "127.0.0.1,localhost"
    assert " --host 127.0.0.1 --port 8123 " in " ".join(web.argv)


def test_the_welcome_names_the_address_and_both_sign_ins():
    text = demo.welcome(8_123, with_accounts=True)

    assert "http://127.0.0.1:8123/" in text
    assert re.findall(r"\S+@\S+test", text) == ["demo@livefolio.test", "staff@livefolio.test"]


@pytest.mark.parametrize(
    ("given", "variable", "port"), [(None, None, 8_000), (None, "81", 81), ("82", "81", 82)]
)
def test_the_port_is_the_option_or_the_variable_or_8000(monkeypatch, given, variable, port):
    monkeypatch.delenv("PORT", raising=False)
    if variable:
        monkeypatch.setenv("PORT", variable)

    assert demo.chosen_port(given) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "8000 ", "٨٠٠٠"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(demo.NotAPort, match="between 1 and 65535"):
        demo.chosen_port(text)


def test_a_port_in_use_is_said_in_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(demo.PortTaken, match=f"Port {port} is in use"):
            demo.run(tmp_path, port=port)

    assert list(tmp_path.iterdir()) == []
