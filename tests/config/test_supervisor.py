"""A supervisor over small programs, and over stubborn ones."""

import io
import re
import signal
import sys
import textwrap
import time

import pytest

from config.processes import Process
from config.supervisor import PROBE_SECONDS, Console, StepFailed, Stopped, Supervisor
from tests.config.keepers import left_over

pytestmark = pytest.mark.chaos

SLEEPER = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
#: Ends when asked, but leaves a stubborn child of its own behind.
PARENT = (
    "import subprocess, sys, time;"
    f"child = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]);"
    "time.sleep(600)"
)


def program(name: str, code: str, **options) -> Process:
    return Process(name=name, argv=[sys.executable, "-c", code], **options)


@pytest.fixture
def supervised(keeper_of):
    """Run one program under a supervisor in a process of its own."""

    def start(code: str, *, grace_seconds: float = 15.0):
        return keeper_of(
            "-c",
            textwrap.dedent(f"""
                import sys
                from config.processes import Process
                from config.supervisor import Supervisor

                with Supervisor() as supervisor:
                    argv = [sys.executable, "-c", {code!r}]
                    supervisor.start(
                        Process(name="one", argv=argv, grace_seconds={grace_seconds})
                    )
                    supervisor.watch()
            """),
        )

    return start


@pytest.fixture
def output():
    """Collect what a supervisor in the test's own process prints."""
    return io.StringIO()


@pytest.fixture
def supervisor(output):
    with Supervisor(Console(output)) as supervisor:
        yield supervisor


def turn_until(supervisor: Supervisor, output: io.StringIO, words: str) -> None:
    waiting = Process(
        name="waiting",
        argv=[],
        runs_elsewhere=lambda: True,
        is_ready=lambda: words in output.getvalue(),
    )
    supervisor.start(waiting)
    supervisor.wait_until_ready(waiting, seconds=20)


@pytest.mark.parametrize("code", [SLEEPER, PARENT], ids=["alone", "with a child"])
def test_a_killed_process_is_started_again(supervised, code):
    keeper = supervised(code)
    keeper.line_with("one           | here")
    family = [member for member in keeper.everything() if "sleep(600)" in member.cmdline()[-1]]

    family[0].kill()

    keeper.line_with("one was killed by SIGKILL; starting it again in 0.5 s")
    keeper.line_with("one           | here")
    assert left_over(family) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asking_to_stop_leaves_nothing_behind(supervised, number):
    keeper = supervised(PARENT)
    keeper.line_with("here")
    family = keeper.everything()

    assert keeper.send(number) == 0

    assert left_over(family) == []


def test_a_process_that_will_not_stop_is_killed_after_its_grace(supervised):
    keeper = supervised(STUBBORN, grace_seconds=0.2)
    keeper.line_with("here")
    family = keeper.everything()

    assert keeper.send(signal.SIGINT) == 0

    assert left_over(family) == []


def test_a_second_ctrl_c_ends_the_grace(supervised):
    keeper = supervised(STUBBORN, grace_seconds=600)
    keeper.line_with("here")
    family = keeper.everything()
    keeper.program.send_signal(signal.SIGINT)
    keeper.line_with("press Ctrl-C again")

    assert keeper.send(signal.SIGINT) == 0

    assert left_over(family) == []


def test_killing_the_supervisor_ends_its_processes_and_theirs(supervised):
    keeper = supervised(PARENT)
    keeper.line_with("here")
    family = keeper.everything()
    guards = [member for member in family if member.cmdline()[-1].endswith("guard.py")]
    stubborn = family[-1]

    keeper.send(signal.SIGKILL)

    assert len(guards) == 1
    # The guard waits out the grace of what does not listen; the test need not.
    others = [member for member in family if member not in [*guards, stubborn]]
    assert left_over(others) == []
    stubborn.kill()
    assert left_over(guards) == []


def test_layers_stop_newest_first(output):
    polite = """
        import signal, time
        def say_goodbye(*_):
            print("over", flush=True)
            raise SystemExit
        signal.signal(signal.SIGTERM, say_goodbye)
        print("up", flush=True)
        time.sleep(600)
    """

    with Supervisor(Console(output)) as supervisor:
        for name in ("database", "web"):
            supervisor.start(program(name, textwrap.dedent(polite)))
            turn_until(supervisor, output, f"{name:<14}| up")
        raise Stopped

    assert re.findall(r"(\w+) +\| over", output.getvalue()) == ["web", "database"]


def test_restarts_come_slower_and_slower(supervisor, output):
    supervisor.start(program("broken", "exit(3)"))

    turn_until(supervisor, output, "broken ended with code 3; starting it again in 2 s")

    delays = re.findall(r"broken .* again in ([\d.]+) s", output.getvalue())
    assert delays == ["0.5", "1", "2"]


def test_a_step_that_fails_stops_the_start(supervisor, output):
    step = program("prepare", "print('a line'); print('cut', end=''); exit(7)")

    with pytest.raises(StepFailed, match=r"prepare ended with code 7\."):
        supervisor.run(step)

    assert output.getvalue() == "prepare       | a line\nprepare       | cut\n"


def test_a_step_that_succeeds_is_not_repeated(supervisor, output):
    supervisor.run(program("prepare", "print('done')"))
    supervisor.run(program("next", "print('done')"))

    assert output.getvalue() == "prepare       | done\nnext          | done\n"


def test_a_process_that_ends_before_it_is_ready_is_reported(supervisor):
    process = program("web", "exit(1)", is_ready=lambda: False)
    supervisor.start(process)

    with pytest.raises(StepFailed, match="web ended instead of starting"):
        supervisor.wait_until_ready(process)


def test_a_process_that_is_never_ready_is_reported(supervisor):
    process = program("web", SLEEPER, is_ready=lambda: False)
    supervisor.start(process)

    with pytest.raises(StepFailed, match=r"web was not ready after 0 seconds"):
        supervisor.wait_until_ready(process, seconds=0.1)


def test_what_cannot_be_started_now_is_tried_again(supervisor, output):
    supervisor.start(Process(name="ghost", argv=["/no/such/program"]))

    turn_until(supervisor, output, "ghost could not start")


def test_a_flood_of_output_arrives_whole(supervisor, output):
    supervisor.run(program("flood", "for n in range(50_000): print(n, 'x' * 20)"))

    lines = output.getvalue().splitlines()
    assert len(lines) == 50_000
    assert lines[-1] == "flood         | 49999 " + "x" * 20


def test_names_are_colored_on_a_terminal_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, file = Terminal(), io.StringIO()

    Console(terminal).say("a\nb", name="web")
    Console(file).say("a\nb", name="web")

    assert terminal.getvalue().count("\x1b[36mweb           |\x1b[0m ") == 2
    assert file.getvalue() == "web           | a\nweb           | b\n"


def test_a_reader_that_goes_away_stops_everything(supervised):
    keeper = supervised("import time\nwhile True: print('here', flush=True); time.sleep(0.01)")
    keeper.line_with("here")
    family = keeper.everything()

    keeper.stop_reading()

    assert left_over(family) == []


def test_what_runs_elsewhere_is_started_once_it_is_gone(supervisor, output):
    elsewhere = iter([True, True])
    supervisor.start(program("shared", SLEEPER, runs_elsewhere=lambda: next(elsewhere, False)))

    turn_until(supervisor, output, "shared        | here")

    assert "shared is gone from where it ran; starting it here" in output.getvalue()


def test_a_talking_process_is_not_asked_more_often_than_its_pause(supervisor):
    asked = []
    talker = program(
        "talker",
        "import time\nwhile True: print('busy', flush=True); time.sleep(0.001)",
        is_ready=lambda: bool(asked.append(1)) or len(asked) > 3,
    )
    supervisor.start(talker)
    started = time.monotonic()

    supervisor.wait_until_ready(talker, seconds=20)

    assert time.monotonic() - started >= 3 * PROBE_SECONDS
