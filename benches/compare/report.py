"""Writes the figures into RESULTS.md, between its marks, the plots beside it, and two of them into the README."""
import re
from pathlib import Path

from compare import marks, places, plots, scenarios
from compare.results import Results
from compare.scenarios import GRAPHQL_PEERS, MORE, PARLOUR, PEERS, SCENARIOS, SERVERS, TITLES

REQUESTS = {
    "page": "a page of messages", "middle": "a page in the middle", "sidebar": "the sidebar", "unread": "unread counts",
    "send": "a send", "search_frequent": "a search, of a word that all have", "search_rare": "a search, of a word that few have",
}


def shown(value: float | None, digits: int) -> str:
    return marks.MISSING if value is None else f"{value:,.{digits}f}"


def machine(results: Results) -> list[str]:
    on = results.machine
    rounds = results.rounds()
    medians = f"medians of {rounds} rounds" if rounds > 1 else "one round"
    length = " of short runs (`--quick`)" if on.get("quick") else ""
    return [
        f"Taken on {on['date']} of {on['commit']}, on {on['cores']} cores ({on['processor']}) with {on['memory_gb']} GB, Linux {on['kernel']}, "
        f"Rust {on['rust']}, Node {on['node']}; {medians}{length}."
    ]


def comparison(results: Results) -> list[str]:
    """All scenarios that were run beside others."""
    measured = [server for server in SERVERS if any(server == other for _, other in results.runs)]
    head = ["what", "figure", *(TITLES[server] for server in measured), "to the best", "to the best GraphQL", "spread"]
    rows = [f"| {' | '.join(head)} |", "|---" * 2 + "|---:" * (len(head) - 2) + "|"]
    for name, scenario in SCENARIOS.items():
        title = scenario.title
        for figure in scenario.figures:
            medians = {server: results.median(name, server, figure.field) for server in measured}
            if all(median is None for median in medians.values()):
                continue
            ratios = [ratio(results, name, figure, peers) for peers in (PEERS, GRAPHQL_PEERS)]
            spread = results.spread(name, figure.field)
            cells = [
                title, f"{figure.label} {figure.better}", *(shown(medians[server], figure.digits) for server in measured), *ratios,
                "" if spread is None else f"±{100 * spread:.0f} %"]
            rows.append(f"| {' | '.join(cells)} |")
            title = ""
    return rows


def ratio(results: Results, name: str, figure: scenarios.Figure, peers: tuple[str, ...]) -> str:
    ours, best = results.median(name, PARLOUR, figure.field), results.best(name, peers, figure.field, figure.better)
    return "" if ours is None or not best or not best[0] else f"{ours / best[0]:.2f}"


def growth(results: Results) -> list[str]:
    runs = results.runs.get(("growth", PARLOUR))
    if not runs:
        return ["Not measured in this run."]
    sizes = runs[0]["messages"]
    rows = [f"| median ms | {' | '.join(f'{size:,} messages' for size in sizes)} | ratio |", "|---" + "|---:" * (len(sizes) + 1) + "|"]
    for field, title in REQUESTS.items():
        times = results.medians("growth", PARLOUR, f"{field}_ms")
        rows.append(f"| {title} | {' | '.join(shown(time, 2) for time in times)} | {times[-1] / times[0]:.2f} |")
    return rows


def images(results: Results, names: tuple[str, ...]) -> list[str]:
    """The links to plots, each on a line of its own."""
    found = plots.charts(results)
    lines = [f"![{found[name].title}: {found[name].subtitle}](plots/{name}.svg)" for name in names if name in found]
    return "\n\n".join(lines).splitlines()


def images_side_by_side(results: Results, names: tuple[str, ...]) -> list[str]:
    found = plots.charts(results)
    one = '  <img src="benches/plots/{}.svg" width="49%" alt="{}: {}">'
    lines = [one.format(name, found[name].title, found[name].subtitle) for name in names if name in found]
    return ["<p>", *lines, "</p>"]


def text(results: Results) -> str:
    """All tables, to be read in a terminal."""
    blocks = [block(results) for block in (machine, marks.table, comparison, growth)]
    return "\n\n".join("\n".join(block) for block in blocks)


def write(results: Results) -> None:
    """Replaces the tables of RESULTS.md, the plots, and what the README shows of them."""
    replace(places.RESULTS, {
        "machine": machine(results), "marks": marks.table(results), "plots": images(results, ("fan-out", "sends", "pages")),
        "comparison": comparison(results), "growth": [*images(results, ("growth",)), "", *growth(results)],
    })
    replace(places.README, {"plots": images_side_by_side(results, ("fan-out", "pages"))})
    places.PLOTS.mkdir(exist_ok=True)
    for name, chart in plots.charts(results).items():
        (places.PLOTS / f"{name}.svg").write_text(chart.draw(), encoding="utf-8")


def replace(path: Path, blocks: dict[str, list[str]]) -> None:
    """Replaces what stands between the marks of each block."""
    page = path.read_text(encoding="utf-8")
    for name, block in blocks.items():
        lines = "\n".join(block).strip()
        begin, end = f"<!-- {name}: written by benches/run -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        page, count = pattern.subn(lambda _, lines=lines: f"{begin}\n\n{lines}\n\n{end}", page)
        if count != 1:
            raise RuntimeError(f"{path.name} has no place for {name}")
    path.write_text(page, encoding="utf-8")
