"""What was measured, and on what."""
import datetime
import os
import platform
import subprocess
from pathlib import Path

from compare import places


def answer(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=places.ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def described() -> dict:
    changed = answer("git", "status", "--porcelain", "--", "src", "migration", "Cargo.lock", "benches/loadgen", "benches/peers")
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": memory_gb(),
        "kernel": platform.release().split("-")[0],
        "rust": answer("rustc", "--version").split(" ")[1] if answer("rustc", "--version") else "",
        "node": answer("node", "--version").lstrip("v"),
        "commit": answer("git", "rev-parse", "--short=10", "HEAD") + (" with changes" if changed else ""),
    }
