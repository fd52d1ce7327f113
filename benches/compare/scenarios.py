"""What is measured, of which servers, and which figures of it are shown."""
from dataclasses import dataclass

PARLOUR = "parlour"
# Another build of Parlour, which --before names.
BEFORE = "before"
APOLLO, MERCURIUS, SOCKETIO = "apollo", "mercurius", "express-socketio"
# The load generator's own server of canned answers: the least that a server costs.
FLOOR = "floor"

GRAPHQL_PEERS = (APOLLO, MERCURIUS)
PEERS = (*GRAPHQL_PEERS, SOCKETIO)
PARLOURS = (PARLOUR, BEFORE)
SERVERS = (*PARLOURS, *PEERS, FLOOR)
TITLES = {PARLOUR: "Parlour", BEFORE: "before", APOLLO: "Apollo", MERCURIUS: "mercurius", SOCKETIO: "Socket.IO", FLOOR: "floor"}

MORE, LESS = "↑", "↓"


@dataclass(frozen=True)
class Figure:
    """A line of the table: its name, the field of the results, and which way is better."""

    label: str
    field: str
    digits: int
    better: str


@dataclass(frozen=True)
class Scenario:
    """What the load generator does (`words`, or `quick` and `smoke` for a shorter run), or what else is measured (`kind`)."""

    title: str
    words: str
    quick: str
    smoke: str
    figures: tuple[Figure, ...]
    servers: tuple[str, ...] = SERVERS
    kind: str = "load"
    # For a plot: its name and the place on its axis.
    family: str = ""
    size: int = 0
    # Left out of --quick.
    is_extra: bool = False


P50, P99 = Figure("p50 ms", "p50_ms", 2, LESS), Figure("p99 ms", "p99_ms", 2, LESS)
REQUEST_CPU = Figure("server CPU µs each", "cpu_us_per_request", 0, LESS)
# Of these any is a fault: of the server, or of the measurement.
FAULTS = ("lost", "duplicates", "out_of_order", "seq_breaks", "incomplete", "complaints", "failed_sends", "errors", "not_back")


def fan_out(sockets: int, is_extra: bool = False) -> Scenario:
    words = f"fan-out --subscribers {sockets}"
    return Scenario(
        f"a message to {sockets:,} subscribers", f"{words} --seconds 5",
        f"{words} --warmup 1.5 --seconds 2 --accounts 10", "fan-out --subscribers 20 --warmup 0 --seconds 0.3 --accounts 2",
        (Figure("deliveries/s", "deliveries_per_s", 0, MORE), Figure("server CPU µs/delivery", "cpu_us_per_delivery", 1, LESS), P50, P99),
        family="fan-out", size=sockets, is_extra=is_extra)


def requests(command: str, clients: int, title: str, unit: str, servers=SERVERS, is_extra: bool = False) -> Scenario:
    words = f"{command} --clients {clients}"
    return Scenario(
        title, f"{words} --seconds 5", f"{words} --seconds 2 --warmup 1.5 --accounts 10",
        f"{command} --clients 2 --seconds 0.3 --warmup 0 --accounts 2",
        (Figure(f"{unit}/s", "per_s", 0, MORE), P50, P99, REQUEST_CPU), servers, family=command, size=clients, is_extra=is_extra)


def people(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"


SENDERS = {1: False, 4: True, 16: False, 64: True, 128: False, 256: True}
READERS = {1: False, 4: True, 16: False, 64: False}
WITHOUT_FLOOR = (*PARLOURS, *PEERS)

SCENARIOS = {
    "fan-out-100": fan_out(100),
    "fan-out-1000": fan_out(1000),
    "fan-out-2000": fan_out(2000, is_extra=True),
    "fan-out-5000": fan_out(5000),
    "fan-out-rate": Scenario(
        "1,000 subscribers, 5 messages a second", "fan-out --subscribers 1000 --rate 5 --seconds 6",
        "fan-out --subscribers 1000 --rate 5 --warmup 1 --seconds 2 --accounts 10",
        "fan-out --subscribers 20 --rate 20 --warmup 0 --seconds 0.3 --accounts 2", (P50, P99)),
    "fan-out-per-viewer": Scenario(
        "1,000 subscribers, with a field that everybody has another value of",
        "fan-out --subscribers 1000 --seconds 5 --per-viewer",
        "fan-out --subscribers 1000 --warmup 1.5 --seconds 2 --accounts 10 --per-viewer",
        "fan-out --subscribers 20 --warmup 0 --seconds 0.3 --accounts 2 --per-viewer", fan_out(1).figures, PARLOURS),
    # What one sender waits for, at the least.
    "disk": Scenario(
        "a page written and synced (fdatasync), on the same disk", "disk --seconds 3", "disk --seconds 1.5", "disk --seconds 0.2",
        (P50, P99), (FLOOR,), kind="disk"),
    **{f"send-{n}": requests("send", n, f"{people(n)} send{'s' if n == 1 else ''}", "messages", is_extra=extra)
       for n, extra in SENDERS.items()},
    **{f"history-{n}": requests("history", n, f"{people(n)} read{'s' if n == 1 else ''} pages of 50", "pages", is_extra=extra)
       for n, extra in READERS.items()},
    "sidebar-16": requests("sidebar", 16, "16 people read their sidebars (50 conversations)", "sidebars"),
    "idle-5000": Scenario(
        "5,000 subscribed and silent", "idle --subscribers 5000 --seconds 5", "idle --subscribers 5000 --seconds 1 --accounts 10",
        "idle --subscribers 20 --seconds 0.2 --settle 0.2 --accounts 2",
        (Figure("resident kB/connection", "rss_kb_per_connection", 1, LESS), Figure("server CPU ms/s", "cpu_ms_per_s", 1, LESS)),
        WITHOUT_FLOOR),
    "login-100": Scenario(
        "100 people sign in at once", "login --logins 100", "login --logins 100 --alone 2 --accounts 10",
        "login --logins 4 --alone 0.2 --accounts 2",
        (Figure("logins/s", "logins_per_s", 1, MORE), Figure("a light query meanwhile, p99 ms", "query_p99_ms", 1, LESS),
         Figure("the same without logins, p99 ms", "query_alone_p99_ms", 1, LESS)), WITHOUT_FLOOR),
    "churn": Scenario(
        "100 clients cut at random, others send", "churn --clients 100 --seconds 6", "churn --clients 100 --seconds 3 --accounts 10",
        "churn --clients 10 --rooms 2 --seconds 0.5 --cut-every 0.3 --accounts 2 --drain 1",
        (Figure("lost", "lost", 0, LESS), Figure("twice", "duplicates", 0, LESS), Figure("out of order", "out_of_order", 0, LESS)),
        WITHOUT_FLOOR),
    "restart-2000": Scenario(
        "2,000 subscribed, the server ends and is started again", "restart --clients 2000 --rounds 3 --patience 30",
        "restart --clients 2000 --rounds 2 --patience 10 --accounts 10", "restart --clients 20 --rounds 1 --accounts 2",
        (Figure("all back after kill -9, s", "kill_s", 2, LESS), Figure("all back after SIGTERM, s", "stop_s", 2, LESS),
         Figure("not back in time", "not_back", 0, LESS), Figure("lost", "lost", 0, LESS)), WITHOUT_FLOOR, kind="restart"),
    "memory": Scenario(
        "a fresh server, idle", "", "", "", (Figure("resident MB", "rss_mb", 1, LESS),), WITHOUT_FLOOR, kind="memory"),
    "growth": Scenario("", "growth --rounds 300", "growth --rounds 150", "growth --rounds 5", (), (PARLOUR,), kind="growth"),
    "start": Scenario("", "", "", "", (), (PARLOUR,), kind="start"),
    "size": Scenario("", "", "", "", (), (PARLOUR,), kind="size"),
    # A quarter of an hour: only by its name.
    "build": Scenario("", "", "", "", (), (PARLOUR,), kind="build", is_extra=True),
}
NOT_BY_ITSELF = ("build",)
# With tiny numbers, they are what their smaller sisters are.
NOT_IN_SMOKE = ("fan-out-5000", "send-128", "history-64")
