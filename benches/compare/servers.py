"""A server process on its core, in a folder of its own, gone with everything at the end."""
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from compare import places, scenarios
from compare.build import Programs

PATIENCE = 30.0
# What SIGTERM may take, with everything under way.
STOPPING = 15.0


@contextlib.contextmanager
def on_core(core: int):
    """What is started in here begins on one core, and stays there. With a single core, or less, it has the same as the rest."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        yield
        return
    os.sched_setaffinity(0, {usable[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """With `folder`, a server on what is in there already. `starts_again`: whenever it ends, until it is told to stop."""

    def __init__(self, name: str, programs: Programs, folder: Path | None = None, starts_again: bool = False):
        self.name, self.programs, self.starts_again = name, programs, starts_again
        self.adapter = "socketio" if name == scenarios.SOCKETIO else "graphql"
        self.port = free_port()
        self.url = f"127.0.0.1:{self.port}"
        self.temporary = None
        if folder is None:
            places.DATA.mkdir(parents=True, exist_ok=True)
            self.temporary = tempfile.TemporaryDirectory(prefix=f"{name}-", dir=places.DATA)
            folder = Path(self.temporary.name)
        self.folder = folder
        self.pid_file = folder / "bench.pid"
        self.is_stopping = False

    def command(self) -> list[str]:
        match self.name:
            case scenarios.PARLOUR:
                return [str(self.programs.parlour)]
            case scenarios.BEFORE:
                return [str(self.programs.before)]
            case scenarios.FLOOR:
                return [str(self.programs.loadgen), "floor"]
            case peer:
                return ["node", str(places.PEERS / peer / "server.js")]

    def spawn(self) -> None:
        settings = {"PORT": str(self.port)}
        if self.name in scenarios.PARLOURS:
            settings |= {"DATA_DIR": str(self.folder), "RATE_LIMITS": "off"}
        else:
            settings |= {"DB_FILE": str(self.folder / "chat.db"), "NODE_ENV": "production"}
        with on_core(0):
            self.process = subprocess.Popen(
                self.command(), env=os.environ | settings, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log,
                stderr=subprocess.STDOUT)
        self.pid_file.write_text(str(self.process.pid))

    def keep_alive(self) -> None:
        while True:
            self.process.wait()
            if self.is_stopping:
                return
            self.spawn()

    def __enter__(self):
        self.log = open(self.folder / "bench.log", "a+", encoding="utf-8", errors="replace")
        self.spawn()
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        if self.starts_again:
            self.keeper = threading.Thread(target=self.keep_alive, daemon=True)
            self.keeper.start()
        return self

    def wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                self.log.seek(0)
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read()[-4000:]}")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Parlour says when it is; the others are when they listen."""
        if self.name not in scenarios.PARLOURS:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False

    def resident_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        return 0.0

    def stop(self) -> None:
        self.is_stopping = True
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.pid_file.unlink(missing_ok=True)

    def __exit__(self, *_):
        self.stop()
        if self.starts_again and hasattr(self, "keeper"):
            self.keeper.join(STOPPING)
        self.log.close()
        if self.temporary:
            self.temporary.cleanup()
