"""Where things are. All that is built or measured goes into target/, on whose disk databases are then, too."""
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BENCHES = ROOT / "benches"
PEERS = BENCHES / "peers"
RESULTS = BENCHES / "RESULTS.md"
README = ROOT / "README.md"
PLOTS = BENCHES / "plots"
LOADGEN = BENCHES / "loadgen"

BENCH_TARGET = ROOT / "target" / "bench"
LOADGEN_TARGET = BENCH_TARGET / "loadgen"
# Folders of running servers.
DATA = BENCH_TARGET / "data"
# Long histories, which are made once.
HISTORIES = BENCH_TARGET / "histories"
