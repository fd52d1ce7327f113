"""The command line of benches/run."""
import argparse
import json
import time
from pathlib import Path

from compare import build, machine, measure, places, plots, report
from compare.build import say
from compare.results import Results
from compare.scenarios import BEFORE, FAULTS, FLOOR, NOT_BY_ITSELF, NOT_IN_SMOKE, PARLOUR, PEERS, SCENARIOS, SERVERS

ROUNDS = 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measures Parlour beside the limit and beside the servers that one would pick instead, in turns. A whole run writes "
                    "the tables of benches/RESULTS.md and the plots; one of a part (--only, --peers) prints them. See benches/README.md.")
    parser.add_argument("--quick", action="store_true", help="one round of shorter runs, without some that only the plots need: about ten minutes")
    parser.add_argument("--rounds", type=int, help=f"runs of each scenario and server (default {ROUNDS}; 1 with --quick)")
    parser.add_argument("--only", help="scenarios, comma-separated, also by their beginnings: " + ", ".join(SCENARIOS))
    parser.add_argument("--peers", help="peers, comma-separated, or an empty text for none: " + ", ".join(PEERS))
    parser.add_argument("--parlour", type=Path, help="measure this program instead of building one")
    parser.add_argument("--before", type=Path, help="measure this program, too: a build of another version of Parlour")
    parser.add_argument("--json", type=Path, help="append the figures to this file, for --table (default: target/bench/figures.jsonl, anew)")
    parser.add_argument("--table", type=Path, help="measure nothing: write RESULTS.md and the plots of such a file")
    parser.add_argument("--print", action="store_true", help="with --table: only print the tables")
    parser.add_argument("--smoke", action="store_true", help="whether all of this still runs: debug builds, no peers, tiny numbers, no judgement")
    chosen = parser.parse_args()
    chosen.names = names(chosen, parser)
    chosen.servers = servers(chosen, parser)
    return chosen


def names(chosen: argparse.Namespace, parser: argparse.ArgumentParser) -> list[str]:
    if chosen.only:
        found = [name for name in SCENARIOS if any(name == part or name.startswith(f"{part}-") for part in chosen.only.split(","))]
        if not found:
            parser.error(f"nothing is called {chosen.only}")
        return found
    left_out = NOT_BY_ITSELF + (NOT_IN_SMOKE if chosen.smoke else ())
    return [name for name, scenario in SCENARIOS.items()
            if name not in left_out and not (scenario.is_extra and (chosen.quick or chosen.smoke))]


def servers(chosen: argparse.Namespace, parser: argparse.ArgumentParser) -> list[str]:
    peers = [] if chosen.smoke else list(PEERS)
    if chosen.peers is not None:
        peers = [peer for peer in chosen.peers.split(",") if peer]
    if unknown := [peer for peer in peers if peer not in PEERS]:
        parser.error(f"no peers: {', '.join(unknown)}")
    return [server for server in SERVERS if server in (PARLOUR, FLOOR, *peers) or (server == BEFORE and chosen.before)]


def main() -> int:
    chosen = arguments()
    if chosen.table:
        results = Results.read(chosen.table)
        print(report.text(results)) if chosen.print else report.write(results)
        return 0
    failures = 0
    path = chosen.json or places.BENCH_TARGET / "figures.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not chosen.json:
        path.unlink(missing_ok=True)
    peers = [server for server in chosen.servers if server in PEERS]
    programs = build.programs(chosen.smoke, peers, absolute(chosen.parlour), absolute(chosen.before))
    length = "smoke" if chosen.smoke else "quick" if chosen.quick else "words"
    begun = time.monotonic()
    with open(path, "a", encoding="utf-8") as file:
        write(file, {"machine": machine.described() | {"quick": chosen.quick}})
        for number in range(chosen.rounds or (1 if chosen.quick or chosen.smoke else ROUNDS)):
            for name in chosen.names:
                failures += in_turns(name, chosen.servers, number, programs, length, file)
    say(f"measured in {(time.monotonic() - begun) / 60:.1f} minutes, {failures} failures: {path}")
    results = Results.read(path)
    is_whole = chosen.only is None and chosen.peers is None and chosen.before is None and not chosen.smoke
    report.write(results) if is_whole and not failures else print(report.text(results))
    if chosen.smoke:
        check_the_rest(results)
    return min(failures, 1)


def absolute(path: Path | None) -> Path | None:
    """Servers run in folders of their own."""
    return path and path.absolute()


def in_turns(name: str, chosen: list[str], number: int, programs: build.Programs, length: str, file) -> int:
    """One round of a scenario: its servers one after the other, in every second round in reverse. How many failed."""
    scenario, failures = SCENARIOS[name], 0
    taking_part = [server for server in chosen if server in scenario.servers]
    for server in taking_part if number % 2 == 0 else reversed(taking_part):
        try:
            figures = measure.measure(name, server, programs, length)
        except (measure.Failed, RuntimeError) as error:
            say(f"{name} {server}: FAILED: {error}")
            failures += 1
            continue
        write(file, {"scenario": name, "server": server, "round": number, "figures": figures})
        shown = [f"{figure.label} {report.shown(figures.get(figure.field), figure.digits)}" for figure in scenario.figures]
        say(f"{name} {server}: {', '.join(shown) or json.dumps(figures)}; load generator {figures.get('loadgen_cpu_pct', 0):.0f} % CPU")
        faults = {fault: figures[fault] for fault in FAULTS if figures.get(fault)}
        if faults:
            say(f"    faults: {faults}")
            # Who restarts loses answers of sends; a peer that loses messages is a result.
            failures += server == PARLOUR and any(fault != "failed_sends" for fault in faults)
    return failures


def write(file, line: dict) -> None:
    file.write(json.dumps(line) + "\n")
    file.flush()


def check_the_rest(results: Results) -> None:
    """What a run without peers does not reach: that the plots can be drawn, and that the peers' sources can be parsed."""
    for chart in plots.charts(results).values():
        chart.draw()
    for source in places.PEERS.glob("*/*.js"):
        build.parse_javascript(source)
