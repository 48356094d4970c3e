"""Nothing in the package needs what only Unix has: a user on Windows gets a sentence, not a traceback."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.wire import tokens

ROOT = Path(__file__).parents[2]
MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
UNIX_ONLY = {
    "os": "fork forkpty pread pwrite readv writev getuid geteuid getgid getegid getgroups setuid setgid setsid getpgid "
    "killpg uname mkfifo mknod chown fchown lchown fchmod fchdir sysconf confstr getloadavg sched_getaffinity nice "
    "statvfs wait3 wait4 WNOHANG O_NOFOLLOW O_DIRECTORY O_NONBLOCK O_CLOEXEC O_SYNC fdatasync sync openpty ttyname",
    "signal": "SIGALRM SIGKILL SIGHUP SIGUSR1 SIGUSR2 SIGQUIT SIGCHLD SIGPIPE alarm setitimer pause sigwait "
    "pthread_kill pthread_sigmask siginterrupt",
    "socket": "AF_UNIX MSG_DONTWAIT MSG_NOSIGNAL",
    "select": "poll epoll kqueue",
    "time": "tzset",
}
IMPORT_ALL = f"""
import importlib, pkgutil, signal, sys
for name in {[module for module in MODULES if module != "posix"]}:
    sys.modules[name] = None
for name in {UNIX_ONLY["signal"].split()}:
    delattr(signal, name)
import conformance
for module in pkgutil.walk_packages(conformance.__path__, "conformance."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""


def unix_only(source: str) -> Iterator[str]:
    """What a module uses that only Unix has, without asking first."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in UNIX_ONLY.get(module, "").split():
                yield f"{module}.{name}"
            case ast.ImportFrom(module=str(module), names=names):
                yield from (
                    f"{module}.{alias.name}" for alias in names if alias.name in UNIX_ONLY.get(module, "").split()
                )
                yield from (module for _ in names[:1] if module in MODULES)
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in MODULES)


def test_what_only_unix_has_is_recognised() -> None:
    found = unix_only("import fcntl\nfrom signal import alarm\nos.pread(1, 1, 0)\nos.read(1, 1)\nfrom pwd import x")
    assert set(found) == {"fcntl", "signal.alarm", "os.pread", "pwd"}


def test_no_module_uses_what_only_unix_has() -> None:
    paths = sorted((ROOT / "conformance").rglob("*.py"))
    assert len(paths) > 300
    found = {str(path): used for path in paths if (used := list(unix_only(path.read_text(encoding="utf-8"))))}
    assert found == {}


def test_every_module_can_be_imported_without_the_modules_and_signals_of_unix() -> None:
    # warnings of other packages about what is missing are not ours
    call = [sys.executable, "-W", "ignore", "-c", IMPORT_ALL]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert {"conformance.run.plugin.process", "conformance.wire.limits"} <= set(done.stdout.split())


def test_where_there_are_no_unix_sockets_each_worker_logs_in_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("Family AF_UNIX is not recognized.")

    monkeypatch.setattr(tokens, "Listener", refuse)
    with pytest.raises(OSError, match="no Unix socket"):
        tokens.TokenServer()  # which its caller expects
