"""When change was told, against when a fixed model got worse: Evidently, NannyML and Benison on the same rows.

`make bench-drift` runs it. Each side is a process of its own; the peers have an environment of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from quality import Quality, qualities
from sets import OWN, SETS, Set, prepared

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BENCH = ROOT / ".bench"
PEERS = BENCH / "drift-peers" / "bin" / "python"
Told = Mapping[str, Mapping[str, Any]]


def run(python: str | Path, side: str, *words: str) -> list[dict[str, Any]]:
    """What a side says, a line each."""
    command = [str(python), "-W", "ignore", str(HERE / f"{side}_side.py"), *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    if done.returncode:
        raise SystemExit(f"{side} failed\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def own(days: Sequence[Mapping[str, Any]], period: str, first: str) -> dict[str, dict[str, Any]]:
    """Our days by period: how many columns failed, which alerts were open, which of them are new."""
    found: dict[str, dict[str, Any]] = {}
    known: set[int] = set()
    for day in days:
        name = str(pd.Period(day["day"], period))
        one = found.setdefault(name, {"drift": set(), "skew": set(), "open": set(), "raised": set(), "seconds": 0.0})
        for kind, subject in day["failed"]:
            one[kind if kind in ("drift", "skew") else "drift"].add(subject)
        alerts = {tuple(alert[:3]): alert[3] for alert in day["open"]}
        one["open"] |= {(cause, subject) for cause, subject, _ in alerts}
        one["critical"] = one.get("critical", False) or any(severity == "critical" for *_, severity in alerts)
        one["raised"] |= {alert[:2] for alert, number in alerts.items() if number not in known}
        known |= set(alerts.values())
        one["seconds"] += day["seconds"]
    return {name: one for name, one in found.items() if name >= str(pd.Period(first, period))}


def by_period(lines: Sequence[Mapping[str, Any]]) -> Told:
    return {line["period"]: line for line in lines if "period" in line}


def rules(ours: Told, evidently: Told, nannyml: Told, name: str) -> dict[str, bool]:
    """What each rule says of a period: alarm or none."""
    mine = ours[name]
    return {
        "ours: an alert is open": bool(mine["open"]),
        "ours: an alert is raised": bool(mine["raised"]),
        "ours: an alert of drift is open": any(cause != "skew" for cause, _ in mine["open"]),
        "Evidently: half of the columns": evidently[name]["flagged"],
        "Evidently: any column": evidently[name]["columns"] > 0,
        "NannyML: any column": nannyml[name]["flagged"],
        "NannyML: estimated AUC": nannyml[name]["cbpe_flagged"],
    }


def line(one: Quality, ours: Told, evidently: Told, nannyml: Told) -> str:
    mine, other, third = ours[one.period], evidently[one.period], nannyml[one.period]
    cells = [
        one.period,
        f"{one.auc:.3f}" + (" fell" if one.fell else ""),
        f"{one.accuracy:.3f}",
        str(len(mine["drift"])),
        str(len(mine["skew"])),
        f"{len(mine['open'])}" + (f", {len(mine['raised'])} new" if mine["raised"] else ""),
        f"{other['columns']}" + (" alarm" if other["flagged"] else ""),
        str(third["columns"]),
        f"{third['auc']:.3f}" + (" alarm" if third["cbpe_flagged"] else ""),
    ]
    return "| " + " | ".join(cells) + " |"


HEAD = (
    "| period | AUC | accuracy | ours: columns of drift | of skew | alerts open | Evidently: columns | "
    "NannyML: columns | AUC it estimates |"
)


def table(one: Set, rows: pd.DataFrame, sides: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Prints a set's table; the counts of right and wrong alarms by rule."""
    ours = own(sides["own"], one.period, one.live)
    evidently, nannyml = by_period(sides["evidently"]), by_period(sides["nannyml"])
    periods = qualities(rows, one.period)
    features = rows.shape[1] - len(OWN)
    print(f"\n### {one.name}: {one.change}; {len(rows):,} rows, {features} features and the score\n\n{HEAD}")
    print("|" + "---|" * (HEAD.count("|") - 1))
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"told": 0, "missed": 0, "for nothing": 0, "quiet": 0})
    for period in periods:
        print(line(period, ours, evidently, nannyml))
        for rule, alarm in rules(ours, evidently, nannyml, period.period).items():
            kind = ("told" if alarm else "missed") if period.fell else ("for nothing" if alarm else "quiet")
            counts[rule][kind] += 1
    cost(rows, features + 1, sides)
    return dict(counts)


def cost(rows: pd.DataFrame, columns: int, sides: Mapping[str, list[dict[str, Any]]]) -> None:
    """Prints processor seconds per million cells, imports and reading of the table left out."""
    watched = len(rows[rows["part"] != "train"]) * columns
    last = sides["nannyml"][-1]
    live = sum(one["cells"] for one in sides["evidently"])
    found = {
        "ours, log and alerts written": 1e6 * sum(day["seconds"] for day in sides["own"]) / watched,
        "Evidently": 1e6 * sum(one["seconds"] for one in sides["evidently"]) / live,
        "NannyML, univariate": 1e6 * last["univariate_seconds"] / last["cells"],
        "NannyML, CBPE": 1e6 * last["cbpe_seconds"] / last["cells"],
    }
    print("\nCPU s per million cells: " + ", ".join(f"{name} {value:.2f}" for name, value in found.items()))


def compared(one: Set) -> dict[str, Any]:
    """Prepares a set, runs every side on it, and prints what they say."""
    file = BENCH / f"drift-{one.name}.parquet"
    rows = prepared(one, BENCH / "drift-data")
    rows.to_parquet(file)
    sides = {
        "own": run(sys.executable, "own", str(file)),
        "evidently": run(PEERS, "evidently", str(file), one.period),
        "nannyml": run(PEERS, "nannyml", str(file), one.period),
    }
    return table(one, rows, sides)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=[one.name for one in SETS], help="one of them; all, where it is left out")
    asked = parser.parse_args()
    total: dict[str, dict[str, int]] = {}
    for one in SETS:
        if asked.set in (None, one.name):
            for rule, found in compared(one).items():
                known = total.setdefault(rule, dict.fromkeys(found, 0))
                total[rule] = {kind: known[kind] + many for kind, many in found.items()}
    print("\n| rule | fell: told | fell: missed | held: alarm all the same | held: quiet |\n|---|---|---|---|---|")
    for rule, many in total.items():
        print(f"| {rule} | {' | '.join(map(str, many.values()))} |")


if __name__ == "__main__":
    main()
