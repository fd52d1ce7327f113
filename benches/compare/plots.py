"""The plots of benches/plots/, drawn from the figures of a run."""
from compare.results import Results
from compare.scenarios import APOLLO, FLOOR, MERCURIUS, PARLOUR, SCENARIOS, SOCKETIO, TITLES
from compare.svg import Chart, Line

COLOURS = {PARLOUR: 0, APOLLO: 1, MERCURIUS: 2, SOCKETIO: 3, FLOOR: 4}
# The lines of the growth, and their colours.
REQUESTS = {
    "page": ("a page", 0), "sidebar": ("the sidebar", 1), "unread": ("unread counts", 2), "send": ("a send", 3),
    "search_frequent": ("a frequent word", 5), "search_rare": ("a rare word", 6),
}


def charts(results: Results) -> dict[str, Chart]:
    """By name, of all that was measured at two sizes or more."""
    found = {
        "fan-out": Chart(
            "A message to many subscribers", "deliveries a second, one core; more is better", "sockets",
            by_server(results, "fan-out", "deliveries_per_s")),
        # Nothing is stored on the floor: its sends and pages only show where the load generator ends, far above.
        "sends": Chart(
            "Durable sends", "messages a second, one core; Parlour with synchronous=FULL, the others NORMAL", "people who send at once",
            by_server(results, "send", "per_s", without_floor=True)),
        "pages": Chart(
            "Pages of 50 messages with their senders", "pages a second, one core; more is better", "people who read at once",
            by_server(results, "history", "per_s", without_floor=True)),
        "growth": Chart(
            "What a long history costs", "median ms of a request; flat is better", "messages in the database", by_request(results), digits=1),
    }
    return {name: chart for name, chart in found.items() if any(len(line.points) > 1 for line in chart.lines)}


def by_server(results: Results, family: str, field: str, without_floor: bool = False) -> list[Line]:
    sizes = {scenario.size: name for name, scenario in SCENARIOS.items() if scenario.family == family}
    lines = []
    for server, colour in COLOURS.items():
        if server == FLOOR and without_floor:
            continue
        found = [(size, results.median(name, server, field)) for size, name in sorted(sizes.items())]
        points = [(size, median) for size, median in found if median is not None]
        if points:
            lines.append(Line(TITLES[server], colour, points, is_limit=server == FLOOR))
    return lines


def by_request(results: Results) -> list[Line]:
    runs = results.runs.get(("growth", PARLOUR), [])
    if not runs:
        return []
    sizes = runs[0]["messages"]
    return [Line(title, colour, list(zip(sizes, results.medians("growth", PARLOUR, f"{field}_ms"))))
            for field, (title, colour) in REQUESTS.items()]
