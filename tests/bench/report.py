#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""report.py VERB: what build/bench/VERB.tsv has, as a table, VERB.json, VERB.md and VERB.svg.

A line is "metric TAB contestant TAB round TAB value", the metric's unit in brackets at its end. Per metric and contestant:
the median of all rounds, the spread, and the ratio to the reference: the contestant that was measured twice, its second
time as "NAME (control)". The ratio is the median of the rounds' ratios, so that what drifts from round to round is out of
it. One that claims no more than by which the reference may differ from its control, or than chance, is not printed; instead,
of six rounds and more, how far from 1 it may be, with the control's share. "May": the interval in which the median lies with
95 % confidence.
"""
import collections
import datetime
import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

CONTROL = " (control)"
ROUNDS_FOR_95 = 6  # of less not even all together reach it
BEFORE, BUSY = "before the start, busy [%]", 10  # a core with more to do than this says nothing about who is measured
OUT = pathlib.Path(os.environ.get("BENCH_OUT") or pathlib.Path(__file__).resolve().parents[2] / "build/bench")


def read(path):
    """{metric: {contestant: [(round, value)]}}, in order of appearance"""
    metrics = collections.OrderedDict()
    for number_of_line, line in enumerate(path.read_text().splitlines(), 1):
        try:
            metric, who, turn, value = line.split("\t")
            metrics.setdefault(metric, collections.OrderedDict()).setdefault(who, []).append((turn, float(value)))
        except ValueError:
            sys.exit(f"{path.name}:{number_of_line}: not metric, contestant, round and value between tabs: {line!r}")
    return metrics


def summary(measured):
    values = [value for _, value in measured]
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def ratios(measured, base):
    """Of each round, or where the two have other rounds, of the medians; [] where there is nothing to divide by."""
    rounds, base_rounds = dict(measured), dict(base)
    if len(rounds) != len(measured) or rounds.keys() != base_rounds.keys():
        rounds, base_rounds = {0: summary(measured)["median"]}, {0: summary(base)["median"]}
    return [value / base_rounds[turn] for turn, value in rounds.items()] if all(base_rounds.values()) else []


def interval(values):
    """Of the median, at 95 %: from the ranks that a fair coin reaches (binomial); of less than six values, all."""
    values, n = sorted(values), len(values)
    tails = [sum(math.comb(n, i) for i in range(rank + 1)) / 2**n for rank in range(n)]
    out = sum(tail <= 0.025 for tail in tails)
    return values[max(out - 1, 0)], values[-max(out, 1)]


def off(values):
    """How far a ratio may be from 1."""
    return max(abs(1 - end) for end in interval(values))


def is_told(found, noise):
    """Whether a ratio is more than the control may be off by, and more than chance."""
    low, high = interval(found)
    return abs(1 - statistics.median(found)) > off(noise) and not low < 1 < high


def judge_metric(contestants):
    row = {who: summary(measured) for who, measured in contestants.items()}
    control = next((who for who in row if who.endswith(CONTROL)), None)
    if not control:
        return row
    reference = control[: -len(CONTROL)]
    if reference not in row:
        sys.exit(f"{control} without {reference}")
    noise = ratios(contestants[control], contestants[reference])
    for who, measured in contestants.items():
        row[who].update(ratio=None, why="", off=None)
        found = ratios(measured, contestants[reference])
        if who == reference or not found:
            continue
        value = statistics.median(found)
        if who == control or is_told(found, noise):
            row[who]["ratio"] = value
            continue
        row[who]["why"] = f"{abs(1 - value):.1%} from {reference}; the control differs by {off(noise):.1%}"
        if len(found) >= ROUNDS_FOR_95:
            row[who]["off"] = max(off(found), off(noise))
            row[who]["why"] += f"; at most {row[who]['off']:.1%} from it"
    return row


def judge(metrics):
    """[{metric, contestants: {name: summary, and with a control ratio, or why there is none and how far off it may be}}]"""
    rows = [{"metric": metric, "contestants": judge_metric(c)} for metric, c in metrics.items()]
    others = next((c["median"] for r in rows if BEFORE in r["metric"] for c in r["contestants"].values()), 0)
    for row in rows:
        if others > BUSY and "busy time of the core" in row["metric"]:
            for c in row["contestants"].values():
                c.update(ratio=None, off=None, why=f"{others:.0f} % of the core went to something else")
    return rows


def number(value):
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def table(rows):
    lines = []
    width = max(len(who) for r in rows for who in r["contestants"])
    for row in rows:
        lines.append("")
        lines.append(row["metric"])
        for who, c in row["contestants"].items():
            spread = f"{number(c['min'])} .. {number(c['max'])}" if c["rounds"] > 1 else ""
            line = f"  {who:{width}}  {number(c['median']):>10}  {spread:<22}"
            if "ratio" in c:
                line += f"{c['ratio']:>7.3f}" if c["ratio"] is not None else f"{'-':>7}"
                line += f"  {c['why']}" if c["why"] else ""
            lines.append(line.rstrip())
    return "\n".join(lines[1:])


def machine(verb):
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", info)
    versions = OUT / f"{verb}.versions"
    listed = [line.split("\t") for line in versions.read_text().splitlines()] if versions.exists() else []
    return {
        "kernel": os.uname().release,
        "cpu": model.group(1) if model else os.uname().machine,
        "cores": os.cpu_count(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "versions": dict(listed),
    }


def described(m):
    lines = [f"{m['cpu']}, {m['cores']} cores, Linux {m['kernel']}, {m['date']}"]
    if m["versions"]:
        lines.append(", ".join(f"{name} {version}" for name, version in m["versions"].items()))
    return "\n".join(lines)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def split_metric(metric):
    """("challenge, TLS 1.3", "busy time of the core [us]"), where there is a colon"""
    what, _, of = metric.partition(": ")
    return (what, of) if of else (metric, "")


def cell(c):
    """467.2 (444.8 .. 480.3) **0.622**, or where there is no ratio: 1 ± 0.8 %"""
    if c is None:
        return ""
    text = number(c["median"])
    if c["rounds"] > 1:
        text += f" ({number(c['min'])} .. {number(c['max'])})"
    if c.get("ratio") is not None:
        text += f" **{c['ratio']:.3f}**"
    if c.get("why"):
        text += f" 1 ± {c['off'] * 100:.1f} %" if c["off"] is not None and c["off"] < 0.1 else " -"
    return text


def markdown(rows):
    """A table for what was measured, a column for each figure of it."""
    tables = collections.OrderedDict()
    for row in rows:
        what, of = split_metric(row["metric"])
        tables.setdefault(what, collections.OrderedDict())[of or what] = row["contestants"]
    lines = []
    for what, columns in tables.items():
        names = collections.OrderedDict.fromkeys(who for c in columns.values() for who in c)
        lines += [f"| {what} | " + " | ".join(of if of != what else "" for of in columns) + " |", "|---" * (len(columns) + 1) + "|"]
        lines += [f"| {who} | " + " | ".join(cell(c.get(who)) for c in columns.values()) + " |" for who in names]
        lines.append("")
    return "\n".join(lines)


def step(top):
    """Between ticks, so that there are two to four."""
    scale = 10 ** math.floor(math.log10(top))
    return next(n * scale for n in (0.2, 0.25, 0.5, 1, 2.5, 5) if top / (n * scale) < 5)


def colour(who, contestants):
    """What the eye should find: the reference twice, and alpnxdp."""
    if who.startswith("alpnxdp"):
        return 0xF58518
    if who.endswith(CONTROL):
        return 0x9ECAE9
    return 0x4C78A8 if who + CONTROL in contestants else 0xA9ACB6


def panel(row):
    """One set of bars, a bar per contestant, with its spread and value."""
    items = list(row["contestants"].items())
    what, of = split_metric(row["metric"])
    top = max(c["max"] for _, c in items) or 1
    lines = [
        "$data << EOD",
        *(f'{quoted(who)}\t{len(items) - i}\t{c["median"]}\t{c["min"]}\t{c["max"]}\t{colour(who, row["contestants"])}\t{quoted(number(c["median"]))}'
          for i, (who, c) in enumerate(items)),
        "EOD",
        f"set title {quoted(what)} offset 0,-0.3 font ',11'",
        f"set xlabel {quoted(of)} font ',10' offset 0,0.6",
        f"set xrange [0:{top * 1.25}]",
        f"set xtics {step(top)} nomirror font ',9' tc rgb '#222222'",
        f"set yrange [0.3:{len(items) + 0.7}]",
        "plot $data using 3:2:(0):3:($2-0.36):($2+0.36):6:ytic(1) with boxxyerror fc rgb variable lw 0 notitle, \\",
        "     '' using 3:2:4:5 with xerrorbars lc rgb '#444444' pt 0 lw 1 notitle, \\",
        "     '' using 5:2:7 with labels left offset 0.6,0 font ',10' notitle",
    ]
    return "\n".join(lines)


def plot(verb, rows, m):
    rows = [r for r in rows if len(r["contestants"]) > 1]
    if not rows:
        return
    if not shutil.which("gnuplot"):
        print("\nno plot: gnuplot is missing (scripts/setup bench)")
        return
    columns = min(3, len(rows))
    lines = -(-len(rows) // columns)
    tallest = max(len(r["contestants"]) for r in rows)
    height = lines * (110 + 26 * tallest) + 80
    script = "\n".join([
        "set border 1 lc rgb '#888888'", "set ytics nomirror scale 0 font ',10' tc rgb '#222222'",
        "set grid xtics lc rgb '#dddddd'", "set style fill solid 1.0 noborder", "set lmargin 17",
        "set format x \"%'.10g\"",
        f"set multiplot layout {lines},{columns} title {quoted('alpnxdp: scripts/bench ' + verb + chr(10) + described(m))} font ',11'",
        *(panel(r) for r in rows), "unset multiplot"])
    terminal = f"set terminal svg noenhanced background rgb 'white' font 'Helvetica,12' size {columns * 430},{height}"
    text = f"{terminal}\nset output {quoted(str(OUT / (verb + '.svg')))}\n{script}\n"
    done = subprocess.run(["gnuplot"], input=text, capture_output=True, text=True, check=False)
    (OUT / f"{verb}.gnuplot").write_text(text)
    if done.returncode:
        sys.exit(f"gnuplot: {done.stderr}")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: report.py VERB")
    verb = sys.argv[1]
    rows = judge(read(OUT / f"{verb}.tsv"))
    if not rows:
        sys.exit(f"{verb}: no results")
    m = machine(verb)
    print(described(m) + "\n\n" + table(rows))
    document = {"schema": "alpnxdp.bench/1", "verb": verb, "short": bool(os.environ.get("SHORT")), "machine": m, "results": rows}
    (OUT / f"{verb}.json").write_text(json.dumps(document, indent=1) + "\n")
    (OUT / f"{verb}.md").write_text(described(m).replace("\n", "; ") + "\n\n" + markdown(rows))
    plot(verb, rows, m)


if __name__ == "__main__":
    main()
