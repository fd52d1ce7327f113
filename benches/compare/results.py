"""The figures of runs: written to a file line by line, read again, medians and ratios."""
import json
import statistics
from pathlib import Path

from compare import scenarios
from compare.scenarios import MORE


class Results:
    """Runs by scenario and server."""

    def __init__(self):
        self.machine: dict = {}
        self.runs: dict[tuple[str, str], list[dict]] = {}

    @classmethod
    def read(cls, path: Path) -> "Results":
        results = cls()
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                results.add(json.loads(line))
        return results

    def add(self, line: dict) -> None:
        """A line of the file: what it was measured on, or a run."""
        if "machine" in line:
            self.machine = line["machine"]
        else:
            self.runs.setdefault((line["scenario"], line["server"]), []).append(line["figures"])

    def values(self, scenario: str, server: str, field: str) -> list[float]:
        figures = self.runs.get((scenario, server), [])
        return [value for run in figures if (value := run.get(field)) is not None]

    def median(self, scenario: str, server: str, field: str) -> float | None:
        values = self.values(scenario, server, field)
        return statistics.median(values) if values else None

    def medians(self, scenario: str, server: str, field: str) -> list[float]:
        """Of a field that is a list, place by place."""
        return [statistics.median(place) for place in zip(*self.values(scenario, server, field))]

    def best(self, scenario: str, servers: tuple[str, ...], field: str, better: str) -> tuple[float, str] | None:
        """The best of these servers, and which one it is."""
        found = [(median, server) for server in servers if (median := self.median(scenario, server, field)) is not None]
        return (max if better == MORE else min)(found) if found else None

    def spread(self, scenario: str, field: str) -> float | None:
        """Half the range of the runs, as a part of the median: of the server with the widest."""
        widths = []
        for server in scenarios.SERVERS:
            values = self.values(scenario, server, field)
            if len(values) > 1 and statistics.median(values):
                widths.append((max(values) - min(values)) / statistics.median(values) / 2)
        return max(widths) if widths else None

    def rounds(self) -> int:
        return max((len(runs) for runs in self.runs.values()), default=0)
