"""Makes .venv with the lock that fits this machine, or sees that it is there already. Standard library only.

It starts under any Python 3, looks for one that a lock fits, and goes on under that one. Annotations are quoted so that
an old Python gets as far as the message that tells it is too old.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".benison-stamp"
OWN_UV = ROOT / ".uv" / "uv"
REQUIREMENTS = ROOT / "requirements"
OLDEST_UV = (0, 8)
OLDER_GLIBC = (2, 28)
CURRENT_GLIBC = (2, 39)
WANTED = (
    "Python 3.12 or 3.13 on x86_64 Linux with glibc 2.39 or newer or on macOS arm64, "
    "or Python 3.11 on x86_64 Linux with glibc 2.28 or newer"
)


class Machine(NamedTuple):
    """What wheels are chosen by: Linux, x86_64, (2, 36). No glibc is ()."""

    system: str
    processor: str
    glibc: "tuple[int, ...]"

    def __str__(self) -> str:
        if self.system != "Linux":
            return f"{self.system} {self.processor}"
        return f"Linux {self.processor}, " + (f"glibc {dotted(self.glibc)}" if self.glibc else "no glibc")


def dotted(version: "tuple[int, ...]") -> str:
    """3.11 for (3, 11)."""
    return ".".join(str(part) for part in version)


def stop(where: str, expected: str, got: str, hint: str) -> "NoReturn":
    """Ends with exit code 2 and a message."""
    sys.stderr.write(f"{where}: expected {expected}, got {got}\n\nhint: {hint}\n")
    sys.exit(2)


def this_machine() -> Machine:
    """The machine that the script runs on."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):  # macOS, musl
        libc = ""
    return Machine(platform.system(), platform.machine(), tuple(int(part) for part in re.findall(r"\d+", libc)[:2]))


def fitting_lock(python: "tuple[int, ...]", machine: Machine) -> "str | None":
    """The lock whose wheels run under this Python on this machine; None where there is none."""
    linux = machine.system == "Linux" and machine.processor == "x86_64"
    apple = machine.system == "Darwin" and machine.processor == "arm64"
    if python in ((3, 12), (3, 13)) and (apple or (linux and machine.glibc >= CURRENT_GLIBC)):
        return "current.txt"
    if python == (3, 11) and linux and machine.glibc >= OLDER_GLIBC:
        return "older.txt"
    return None


def pythons() -> "dict[str, tuple[int, ...]]":
    """The version of each Python that can be tried, the one that runs this first; a virtual environment's own base."""
    found = {}  # type: dict[str, tuple[int, ...]]
    names = [sys.executable, *map(shutil.which, ("python3.13", "python3.12", "python3.11"))]
    for name in filter(None, names):
        question = "import sys; print(getattr(sys, '_base_executable', sys.executable)); print(*sys.version_info[:2])"
        try:
            answer = subprocess.check_output([name, "-I", "-c", question], stderr=subprocess.DEVNULL).decode()
        except (OSError, subprocess.CalledProcessError):
            continue  # a launcher whose Python is not installed
        executable, version = answer.splitlines()
        found.setdefault(os.path.realpath(executable), tuple(int(part) for part in version.split()))
    return found


def choose(tried: "dict[str, tuple[int, ...]]", machine: Machine) -> "tuple[str, str]":
    """The first Python that a lock fits, and the lock."""
    fitting = ((executable, fitting_lock(version, machine)) for executable, version in tried.items())
    for executable, lock in fitting:
        if lock:
            return executable, lock
    versions = ", ".join(f"Python {dotted(version)} ({executable})" for executable, version in tried.items())
    hint = "install one of these and put it on the PATH, or name it: make PYTHON=/path/to/python3.11"
    return stop("this machine", WANTED, f"{versions} on {machine}", hint)


def state(python: str, lock: str) -> str:
    """A digest of everything that .venv is made from; another place of the checkout is another environment."""
    sha = hashlib.sha256(f"{ROOT}\n{python}\n{platform.python_version()}\n".encode())
    for path in (REQUIREMENTS / lock, REQUIREMENTS / "build.txt", ROOT / "setup.py", Path(__file__)):
        sha.update(path.read_bytes())
    return sha.hexdigest()


def is_done(expected: str) -> bool:
    """Whether a set-up from the same state ran to its end."""
    return STAMP.exists() and STAMP.read_text() == expected and (VENV / "bin" / "python").exists()


def adopt_pip_settings() -> None:
    """Lets uv and urllib use what pip was told of indexes and certificates, and shields the set-up from the shell."""
    own = os.environ
    if not own.get("SSL_CERT_FILE") and own.get("PIP_CERT"):
        own["SSL_CERT_FILE"] = own["PIP_CERT"]
    if not own.get("UV_DEFAULT_INDEX") and not own.get("UV_INDEX_URL") and own.get("PIP_INDEX_URL"):
        own["UV_DEFAULT_INDEX"] = own["PIP_INDEX_URL"]
    # Every file is pinned by its hash, so it does not matter which of several indexes it comes from.
    own.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    own.setdefault("UV_HTTP_TIMEOUT", "180")
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "UV_PYTHON"):
        own.pop(name, None)


def uv() -> str:
    """A uv that is new enough: the PATH's, or the pinned one, downloaded once."""
    for name in (shutil.which("uv"), str(OWN_UV)):
        try:
            answer = subprocess.check_output([str(name), "--version"], stderr=subprocess.DEVNULL).decode()
        except (OSError, subprocess.CalledProcessError):
            continue
        if tuple(int(part) for part in re.findall(r"\d+", answer)[:2]) >= OLDEST_UV:
            return str(name)
    fetch_pinned_uv()
    return str(OWN_UV)


def fetch_pinned_uv() -> None:
    """Puts the pinned uv into .uv/."""
    version, hashes = pinned_uv()
    unpack_uv(fetch_uv(version, hashes), version)


def pinned_uv() -> "tuple[str, set[str]]":
    """Version and SHA-256 digests of requirements/uv.txt."""
    text = (REQUIREMENTS / "uv.txt").read_text()
    return re.findall(r"^uv==(\S+)", text, re.MULTILINE)[0], set(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))


def fetch_uv(version: str, hashes: "set[str]") -> Path:
    """Downloads uv's wheel for this machine from the package index, and checks its digest."""
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or "https://pypi.org/simple"
    page = index.rstrip("/") + "/uv/"
    tag = "macosx_11_0_arm64" if platform.system() == "Darwin" else "manylinux_2_17_x86_64"
    links = re.findall(rf'href="([^"#]*uv-{re.escape(version)}-py3-none-{tag}[^"#]*\.whl)', fetch(page).decode())
    if not links:
        stop(page, f"uv {version} for {tag}", "no such file", "put uv on the PATH")
    content = fetch(urllib.parse.urljoin(page, links[0]))
    if hashlib.sha256(content).hexdigest() not in hashes:
        stop(links[0], "a SHA-256 of requirements/uv.txt", hashlib.sha256(content).hexdigest(), "put uv on the PATH")
    OWN_UV.parent.mkdir(exist_ok=True)
    wheel = OWN_UV.with_name("uv.whl")
    wheel.write_bytes(content)
    return wheel


def fetch(url: str) -> bytes:
    """What an address answers."""
    print("Fetching", url, flush=True)
    try:
        with urllib.request.urlopen(url, timeout=180) as answer:
            content: bytes = answer.read()
    except (urllib.error.URLError, OSError) as error:
        hint = "set PIP_INDEX_URL to an index within reach, SSL_CERT_FILE to its certificates, or put uv on the PATH"
        stop(url, "a package index", str(error), hint)
    return content


def unpack_uv(wheel: Path, version: str) -> None:
    """Moves the program out of the wheel."""
    with zipfile.ZipFile(str(wheel)) as archive, archive.open(f"uv-{version}.data/scripts/uv") as program:
        beside = OWN_UV.with_name("uv.part")
        beside.write_bytes(program.read())
    beside.chmod(0o755)
    beside.rename(OWN_UV)
    wheel.unlink()


def create(python: str, lock: str) -> None:
    """Makes .venv anew: the lock's packages with their bytecode, and the project itself, editable."""
    if VENV.is_symlink():  # What it stands for is another checkout's, which would lose it.
        stop(str(VENV), "no link", f"one to {os.readlink(str(VENV))}", "remove it:  rm .venv")  # noqa: PTH115
    print(f"Setting up .venv from requirements/{lock} under {python}; this is done once", flush=True)
    program, into = uv(), ("--python", str(VENV / "bin" / "python"))
    pinned = ("--require-hashes", "--build-constraints", str(REQUIREMENTS / "build.txt"))
    own = ("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    call(program, "venv", "--clear", "--no-python-downloads", "--python", python, str(VENV))
    # Without bytecode, importing TensorFlow takes four times as long.
    call(program, "pip", "sync", *into, *pinned, "--compile-bytecode", str(REQUIREMENTS / lock))
    call(program, "pip", "install", *into, *own)


def call(*command: str) -> None:
    """Runs a command and ends as it ended if it failed."""
    code = subprocess.call(command)
    if code:
        sys.stderr.write(f"\nsetting up .venv failed at: {' '.join(command)}\n")
        sys.exit(code)


def main() -> None:
    """Chooses a Python and a lock, and makes .venv unless it is there."""
    machine = this_machine()
    lock = fitting_lock(sys.version_info[:2], machine)
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    if not lock:
        python, lock = choose(pythons(), machine)
        os.execv(python, [python, *sys.argv])
    if is_done(state(python, lock)):
        return
    OWN_UV.parent.mkdir(exist_ok=True)
    with OWN_UV.with_name("lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_done(state(python, lock)):
            adopt_pip_settings()
            create(python, lock)
            STAMP.write_text(state(python, lock))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nset-up interrupted; the next make goes on from the start")
