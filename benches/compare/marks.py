"""What Parlour is to reach, and how near it is: each mark is a figure of a run, mostly a ratio to what was measured beside it."""
from collections.abc import Callable
from dataclasses import dataclass

from compare.results import Results
from compare.scenarios import FLOOR, GRAPHQL_PEERS, MORE, PARLOUR, PEERS, TITLES

MISSING = "–"


@dataclass(frozen=True)
class Mark:
    figure: str
    measured: Callable[[Results], str]
    mark: str
    aim: str


def to_best(scenario: str, field: str = "per_s", peers: tuple[str, ...] = PEERS) -> Callable[[Results], str]:
    """Parlour's figure to the best peer's, where more is better."""

    def measured(results: Results) -> str:
        ours, best = results.median(scenario, PARLOUR, field), results.best(scenario, peers, field, MORE)
        if ours is None or not best:
            return MISSING
        theirs, who = best
        return f"**{ours / theirs:.2f}** ({ours:,.0f}, {TITLES[who]} {theirs:,.0f})"

    return measured


def quotient(scenario: str, field: str, other_scenario: str, other_server: str, other_field: str, unit: str) -> Callable[[Results], str]:
    """A figure of Parlour's to another one."""

    def measured(results: Results) -> str:
        one, other = results.median(scenario, PARLOUR, field), results.median(other_scenario, other_server, other_field)
        if not one or not other:
            return MISSING
        return f"**{one / other:.2f}** ({one:,.4g} {unit}, {other:,.4g} {unit})"

    return measured


def both(one: Callable[[Results], str], other: Callable[[Results], str]) -> Callable[[Results], str]:
    return lambda results: f"{one(results)}, {other(results)}"


def plain(scenario: str, field: str, unit: str) -> Callable[[Results], str]:
    def measured(results: Results) -> str:
        value = results.median(scenario, PARLOUR, field)
        return MISSING if value is None else f"**{value:.4g}** {unit}".strip()

    return measured


def growth(fields: tuple[str, ...]) -> Callable[[Results], str]:
    """The time on the longest history to that on the shortest."""

    def measured(results: Results) -> str:
        found = [results.medians("growth", PARLOUR, f"{field}_ms") for field in fields]
        return ", ".join(f"**{times[-1] / times[0]:.2f}**" if times else MISSING for times in found)

    return measured


def size(results: Results) -> str:
    stripped, whole = (results.median("size", PARLOUR, field) for field in ("stripped_mb", "mb"))
    return MISSING if stripped is None else f"**{stripped:.0f}** MB stripped, {whole:.0f} not"


def fan_out_p99(sockets: int) -> Callable[[Results], str]:
    return quotient(f"fan-out-{sockets}", "p99_ms", f"fan-out-{sockets}", FLOOR, "p99_ms", "ms")


def deliveries(sockets: int) -> Callable[[Results], str]:
    return to_best(f"fan-out-{sockets}", "deliveries_per_s", GRAPHQL_PEERS)


MARKS = (
    Mark("a page of 50 with senders, pages/s, to the best peer", to_best("history-16"), "3.5", "5"),
    Mark("the sidebar of 50 conversations, to the best peer", to_best("sidebar-16"), "3", "5"),
    Mark("durable sends/s (`FULL`), 16 senders, to the best peer at `NORMAL`", to_best("send-16"), "2", "2.5"),
    Mark("the same, 128 senders", to_best("send-128"), "3.5", "5"),
    Mark("one sender: median latency to one fdatasync's", quotient("send-1", "p50_ms", "disk", FLOOR, "p50_ms", "ms"), "≤ 3", "≤ 2"),
    Mark("fan-out to 1,000 and 5,000, deliveries/s, to the best GraphQL peer", both(deliveries(1000), deliveries(5000)), "9, 12", "20"),
    Mark("its p99 to the floor's", both(fan_out_p99(1000), fan_out_p99(5000)), "2.5", "1.5"),
    Mark("resident kB an idle subscribed socket, at 5,000", plain("idle-5000", "rss_kb_per_connection", "kB"), "9", "6"),
    Mark("a light query's p99 during 100 logins, to that without",
         quotient("login-100", "query_p99_ms", "login-100", PARLOUR, "query_alone_p99_ms", "ms"), "2", "1.2"),
    Mark("50,000 → 5 million messages: page, sidebar, unread, send",
         growth(("page", "sidebar", "unread", "send")), "1.1", "1.05"),
    Mark("the same: search of a word that all messages have, and of one that few have",
         growth(("search_frequent", "search_rare")), "1.1", "1.05"),
    Mark("restart with 2,000 sockets: all back, to the time after a kill",
         quotient("restart-2000", "stop_s", "restart-2000", PARLOUR, "kill_s", "s"), "1", "0.8"),
    Mark("from exec to serving, on 5 million messages", plain("start", "start_s", "s"), "0.1 s", "0.05 s"),
    Mark("resident memory of a fresh server", plain("memory", "rss_mb", "MB"), "30 MB", "20 MB"),
    Mark("cold `scripts/run`, CPU minutes (`--only build`)", plain("build", "cpu_min", ""), "14", "9"),
    Mark("binary", size, "30 MB", "20 MB"),
)


def table(results: Results) -> list[str]:
    rows = ["| figure | measured | mark | aim |", "|---|---|--:|--:|"]
    return rows + [f"| {mark.figure} | {mark.measured(results)} | {mark.mark} | {mark.aim} |" for mark in MARKS]
