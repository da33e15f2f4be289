"""Three kinds of picture, as SVG text that is readable on a light and on a dark page."""

import math
from html import escape

COLOURS = {"Mouthpiece": "#0b62a4", "bare epoll, our": "#b0b0b0", "bare": "#6e6e6e", "FastAPI": "#c1432e", "Node": "#4f8a3c"}
WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50


def _document(height, parts):
    style = "text{font:13px system-ui,sans-serif;fill:#222}.small{font-size:11px;fill:#555}.title{font-size:15px;font-weight:600}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f'<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _text(x, y, content, anchor="start", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(str(content))}</text>'


def _colour(name):
    return next((colour for start, colour in COLOURS.items() if name.startswith(start)), "#8a5aa8")


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def bars(title, unit, rows):
    """rows: (label, value)."""
    height, left = 60 + 34 * len(rows), 270
    longest = max((value for _, value in rows), default=1) or 1
    parts = [_text(16, 26, f"{title} ({unit})", kind="title")]
    for i, (label, value) in enumerate(rows):
        y = 46 + 34 * i
        width = (WIDTH - left - 90) * value / longest
        parts.append(_text(left - 10, y + 17, label, "end"))
        parts.append(f'<rect x="{left}" y="{y}" width="{max(width, 1):.1f}" height="24" rx="2" fill="{_colour(label)}"/>')
        parts.append(_text(left + width + 8, y + 17, number(value)))
    return _document(height, parts)


class _Axis:
    """From values to places; logarithmic."""

    def __init__(self, low, high, begin, end):
        self.low, self.high, self.begin, self.end = low, max(high, low * 1.01), begin, end

    def place(self, value):
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return self.begin + share * (self.end - self.begin)

    def marks(self):
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        decades = last - first
        steps = (1,) if decades > 4 else (1, 2, 5)
        every = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        return [value for value in every if self.low * 0.999 <= value <= self.high * 1.001]


def _frame(title, x_axis, y_axis, x_label, y_label):
    parts = [_text(16, 24, title, kind="title")]
    for value in x_axis.marks():
        x = x_axis.place(value)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(_text(x, HEIGHT - BOTTOM + 16, number(value), "middle", "small"))
    for value in y_axis.marks():
        y = y_axis.place(value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#eee"/>')
        parts.append(_text(LEFT - 6, y + 4, number(value), "end", "small"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, "middle", "small"))
    parts.append(f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle" class="small">{escape(y_label)}</text>')
    return parts


def lines(title, x_label, y_label, series, dots=True):
    """series: {name: [(x, y)]}, both positive; both axes logarithmic."""
    points = [point for one in series.values() for point in one]
    if not points:
        return None
    x_axis = _Axis(min(x for x, _ in points), max(x for x, _ in points), LEFT, WIDTH - RIGHT)
    y_axis = _Axis(min(y for _, y in points) * 0.8, max(y for _, y in points) * 1.2, HEIGHT - BOTTOM, TOP)
    parts = _frame(title, x_axis, y_axis, x_label, y_label)
    for i, (name, one) in enumerate(series.items()):
        colour = _colour(name)
        path = " ".join(f"{x_axis.place(x):.1f},{y_axis.place(y):.1f}" for x, y in one)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if dots:
            parts += [f'<circle cx="{x_axis.place(x):.1f}" cy="{y_axis.place(y):.1f}" r="3" fill="{colour}"/>' for x, y in one]
        parts.append(f'<rect x="{WIDTH - 250}" y="{TOP + 8 + 18 * i}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(WIDTH - 232, TOP + 18 + 18 * i, name))
    return _document(HEIGHT, parts)


def histogram(title, x_label, y_label, series):
    """series: {name: buckets of a report}: [[upper edge, count]]; drawn as shares of all, in steps of a tenth of a decade."""
    shares = {}
    for name, buckets in series.items():
        total, gathered = sum(count for _, count in buckets), {}
        for edge, count in buckets:
            step = round(math.log10(edge) * 10) / 10
            gathered[step] = gathered.get(step, 0) + count
        shares[name] = [(10**step, 100 * count / total) for step, count in sorted(gathered.items())]
    return lines(title, x_label, y_label, shares, dots=False)
