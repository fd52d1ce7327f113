"""Takes the figures of one scenario and one server, once."""
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from compare import histories, places, scenarios
from compare.build import Programs, say
from compare.servers import Server, on_core

# The longest that a run of the load generator may take.
PATIENCE = 300
STARTS = 5


class Failed(Exception):
    """A run without figures, and why."""


def measure(name: str, server: str, programs: Programs, length: str) -> dict:
    """`length` is `words`, `quick` or `smoke`: how long a run is."""
    scenario = scenarios.SCENARIOS[name]
    words = getattr(scenario, length).split()
    sizes = histories.SMOKE_SIZES if length == "smoke" else histories.SIZES
    match scenario.kind:
        case "load":
            with Server(server, programs) as running:
                return load(programs, words, running)
        case "restart":
            with Server(server, programs, starts_again=True) as running:
                return load(programs, [*words, "--pid-file", str(running.pid_file)], running, knows_process=False)
        case "disk":
            places.DATA.mkdir(parents=True, exist_ok=True)
            return run(programs, [*words, "--folder", str(places.DATA)])
        case "memory":
            with Server(server, programs) as running:
                # What it does after its start is over.
                time.sleep(0.1 if length == "smoke" else 5)
                return {"rss_mb": running.resident_mb()}
        case "growth":
            return growth(programs, words, sizes)
        case "start":
            return starts(programs, sizes[-1], 1 if length == "smoke" else STARTS)
        case "size":
            return size(programs.parlour)
        case "build":
            return cold_build()
        case other:
            raise ValueError(other)


def load(programs: Programs, words: list[str], server: Server, knows_process: bool = True) -> dict:
    process = ["--server-pid", str(server.process.pid)] if knows_process else []
    return run(programs, [*words, "--url", server.url, "--adapter", server.adapter, *process])


def run(programs: Programs, words: list[str]) -> dict:
    """The figures that the load generator prints."""
    try:
        with on_core(1):
            ran = subprocess.run(
                [programs.loadgen, *words], env=os.environ | {"RUST_BACKTRACE": "0"}, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"no end in {PATIENCE} s") from late
    for line in ran.stderr.splitlines()[:5]:
        say(f"    {line[:300]}")
    if ran.returncode != 0 or not ran.stdout:
        raise Failed(ran.stderr[-400:])
    return json.loads(ran.stdout.splitlines()[-1])


def growth(programs: Programs, words: list[str], sizes: tuple[int, ...]) -> dict:
    """The same requests to servers on histories of all sizes, in turns."""
    folders = [histories.made(messages, programs) for messages in sizes]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(scenarios.PARLOUR, programs, folder)) for folder in folders]
        # Whatever they do at the start is over.
        time.sleep(2)
        first, *others = (server.url for server in servers)
        figures = run(programs, [
            *words, "--url", first, "--beside", ",".join(others), "--email", histories.EMAIL, "--group", histories.group(7),
            "--other-group", histories.group(8), "--rare", histories.RARE, "--frequent", histories.FREQUENT])
    return {"messages": list(sizes), **figures}


def starts(programs: Programs, messages: int, times: int) -> dict:
    """Seconds from the start of the process to its first answer, on the longest history; the median."""
    folder = histories.made(messages, programs)
    took = []
    for _ in range(times):
        server = Server(scenarios.PARLOUR, programs, folder)
        with open(os.devnull, "w", encoding="utf-8") as server.log:
            begun = time.monotonic()
            server.spawn()
            while not server.is_ready():
                if server.process.poll() is not None or time.monotonic() > begun + 60:
                    raise Failed("it does not start")
                time.sleep(0.001)
            took.append(time.monotonic() - begun)
            server.stop()
    return {"messages": messages, "start_s": round(statistics.median(took), 4)}


def size(program: Path) -> dict:
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        stripped = Path(folder) / "stripped"
        subprocess.run(["strip", "-o", stripped, program], check=True)
        return {"stripped_mb": round(stripped.stat().st_size / 1e6, 1), "mb": round(program.stat().st_size / 1e6, 1)}


def cold_build() -> dict:
    """What a newcomer waits for: scripts/run in a fresh clone of what is committed. Downloads are not counted where Cargo and
    npm have them already."""
    clone = places.BENCH_TARGET / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", "--local", places.ROOT, clone], check=True)
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([clone / "scripts" / "run", "--help"], cwd=clone, stdin=subprocess.DEVNULL, check=True)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(clone)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_min": round(cpu / 60, 1), "wall_min": round(wall / 60, 1)}
