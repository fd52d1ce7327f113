"""Builds what is measured, and what measures."""
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from compare import places


@dataclass(frozen=True)
class Programs:
    parlour: Path
    loadgen: Path
    # Another build of Parlour, to compare with.
    before: Path | None


def say(*words) -> None:
    print(*words, file=sys.stderr, flush=True)


def programs(is_debug: bool, peers: list[str], parlour: Path | None, before: Path | None) -> Programs:
    """Builds Parlour as it is shipped, and the load generator, and installs the peers. What is there already is not built again."""
    profile, flags = ("debug", []) if is_debug else ("release", ["--release"])
    if parlour is None:
        shipped, as_shipped = ("debug", []) if is_debug else ("shipped", ["--profile", "shipped"])
        say(f"building Parlour ({shipped}) …")
        subprocess.run(["cargo", "build", "--locked", *as_shipped], cwd=places.ROOT, check=True)
        parlour = places.ROOT / "target" / shipped / "parlour"
    say(f"building the load generator ({profile}) …")
    target = ["--target-dir", places.LOADGEN_TARGET]
    subprocess.run(["cargo", "build", "--locked", *flags, *target], cwd=places.LOADGEN, check=True)
    for peer in peers:
        install(places.PEERS / peer)
    return Programs(parlour, places.LOADGEN_TARGET / profile / "loadgen", before)


def install(folder: Path) -> None:
    # npm leaves its own copy of the lock file behind when it is done.
    installed = folder / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime > (folder / "package-lock.json").stat().st_mtime:
        return
    say(f"npm ci in {folder.relative_to(places.ROOT)} …")
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)


def parse_javascript(source: Path) -> None:
    """Fails unless Node can parse it."""
    subprocess.run(["node", "--check", source], check=True)
