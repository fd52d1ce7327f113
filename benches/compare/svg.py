"""A line chart as SVG: an axis of sizes in even steps of their logarithm, a linear one from 0, and the name of each line at its
end. Readable by itself on a light and on a dark page."""
import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 64, 48
# Names at the ends of lines keep this distance.
LINE_HEIGHT = 17

STYLE = """
  svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    --surface: #fcfcfb; --ink: #0b0b0b; --quiet: #52514e; --grid: #e1e0d9; --axis: #c3c2b7;
    --c0: #2a78d6; --c1: #eb6834; --c2: #1baf7a; --c3: #4a3aa7; --c4: #898781; --c5: #e87ba4; --c6: #eda100; }
  @media (prefers-color-scheme: dark) { svg {
    --surface: #1a1a19; --ink: #ffffff; --quiet: #c3c2b7; --grid: #2c2c2a; --axis: #383835;
    --c0: #3987e5; --c1: #d95926; --c2: #199e70; --c3: #9085e9; --c4: #898781; --c5: #d55181; --c6: #c98500; } }
  .surface { fill: var(--surface); }
  text { fill: var(--quiet); font-variant-numeric: tabular-nums; }
  .title { fill: var(--ink); font-size: 16px; font-weight: 600; }
  .name { fill: var(--ink); }
  .first { font-weight: 600; }
  .grid { stroke: var(--grid); }
  .axis { stroke: var(--axis); }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .dashed { stroke-dasharray: 5 5; }
  .dot { stroke: var(--surface); stroke-width: 2; }
  .leader { opacity: 0.6; }
"""


@dataclass(frozen=True)
class Line:
    name: str
    # A number of the palette.
    colour: int
    points: list[tuple[float, float]]
    is_limit: bool = False


@dataclass(frozen=True)
class Chart:
    title: str
    subtitle: str
    x_title: str
    lines: list[Line]
    # The digits behind the point on the vertical axis.
    digits: int = 0

    def draw(self) -> str:
        """The chart's SVG."""
        sizes = sorted({x for line in self.lines for x, _ in line.points})
        ceiling, step = scale(max(y for line in self.lines for _, y in line.points))
        low, high = math.log(sizes[0]), math.log(sizes[-1])
        across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

        def x_of(size: float) -> float:
            return LEFT + across * ((math.log(size) - low) / (high - low) if high > low else 0.5)

        def y_of(value: float) -> float:
            return TOP + down * (1 - value / ceiling)

        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
            f"<title>{escape(self.title)}, {escape(self.subtitle)}</title>", f"<style>{STYLE}</style>",
            f'<rect class="surface" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
            f'<text class="title" x="20" y="30">{escape(self.title)}</text>', f'<text x="20" y="50">{escape(self.subtitle)}</text>']
        for n in range(round(ceiling / step) + 1):
            y = y_of(n * step)
            parts.append(f'<line class="{"axis" if n == 0 else "grid"}" x1="{LEFT}" x2="{LEFT + across}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(n * step, self.digits)}</text>')
        for size in sizes:
            parts.append(f'<text x="{x_of(size):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{short(size)}</text>')
        parts.append(f'<text x="{LEFT + across / 2:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(self.x_title)}</text>')
        # The first line lies on top of the others.
        for line in reversed(self.lines):
            parts += drawn(line, x_of, y_of)
        parts += self.names(x_of, y_of)
        return "\n".join([*parts, "</svg>", ""])

    def names(self, x_of, y_of) -> list[str]:
        """The lines' names, moved apart where lines end near each other."""
        ends = sorted((y_of(line.points[-1][1]), at) for at, line in enumerate(self.lines))
        places: list[float] = []
        for y, _ in ends:
            places.append(max(y, places[-1] + LINE_HEIGHT) if places else y)
        # Whatever was pushed out at the bottom pushes back.
        floor = HEIGHT - BOTTOM
        for at in reversed(range(len(places))):
            places[at] = min(places[at], floor)
            floor = places[at] - LINE_HEIGHT
        parts = []
        for (y, at), place in zip(ends, places):
            line = self.lines[at]
            x = x_of(line.points[-1][0])
            if abs(place - y) > 3:
                parts.append(f'<line class="leader" stroke="var(--c{line.colour})" x1="{x + 7:.1f}" y1="{y:.1f}" x2="{x + 18:.1f}" y2="{place:.1f}"/>')
            parts.append(f'<text class="name{" first" if at == 0 else ""}" x="{x + 22:.1f}" y="{place + 4:.1f}">{escape(line.name)}</text>')
        return parts


def drawn(line: Line, x_of, y_of) -> list[str]:
    points = [(x_of(x), y_of(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = " dashed" if line.is_limit else ""
    parts = [f'<polyline class="line{dashed}" stroke="var(--c{line.colour})" points="{path}"/>']
    return parts + [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5" fill="var(--c{line.colour})"/>' for x, y in points]


def scale(highest: float) -> tuple[float, float]:
    """The top of an axis that holds a value, and the distance of its lines: four to six of them, at round numbers."""
    if highest <= 0:
        return 1.0, 0.25
    power = 10 ** math.floor(math.log10(highest / 4))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if highest / (factor * power) <= 5)
    return step * math.ceil(highest / step), step


def short(number: float, digits: int = 0) -> str:
    """A number as it stands at an axis: 50k, 5M."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if number >= unit:
            return f"{number / unit:g}{name}"
    return f"{number:g}" if digits == 0 else f"{number:.{digits}f}"
