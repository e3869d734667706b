"""People whom two models have answered: a boosted one that is better for men, and no better for women."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path


def rows(how_many: int = 1500, seed: int = 1) -> list[dict[str, str]]:
    """Label, two predictions, sex and city of each person; the city Jena has a few only."""
    draw = random.Random(seed)
    found = []
    for _ in range(how_many):
        paid, woman = draw.random() < 0.4, draw.random() < 0.5
        city = draw.choices(["Ulm", "Bonn", "Jena"], [60, 38, 2])[0]
        common = (1.6 if paid else -1.6) + draw.gauss(0, 1.5)
        linear = common + draw.gauss(0, 0.8)
        boosted = common + (draw.gauss(0, 1.6) if woman else draw.gauss(0, 0.1))
        scores = {"linear": linear, "boosted": boosted}
        answers = {name: f"{1 / (1 + math.exp(-score)):.6f}" for name, score in scores.items()}
        found.append({"paid": "yes" if paid else "no", "sex": "Female" if woman else "Male", "city": city, **answers})
    return found


def prices(how_many: int = 800, seed: int = 3) -> list[dict[str, str]]:
    """Prices in two towns, which two models have told: a forest, and a line that is worse in Ulm alone."""
    draw = random.Random(seed)
    found = []
    for _ in range(how_many):
        town, price = draw.choice(["Ulm", "Bonn"]), draw.gauss(300, 80)
        told = {"forest": price + draw.gauss(0, 20), "line": price + draw.gauss(5, 40 if town == "Ulm" else 20)}
        found.append({"price": f"{price:.1f}", "town": town, **{name: f"{one:.1f}" for name, one in told.items()}})
    return found


def animals(how_many: int = 900, seed: int = 5) -> list[dict[str, str]]:
    """Pictures of three animals from two cameras, which two models have named: a wide one, and a small one."""
    draw = random.Random(seed)
    found = []
    for _ in range(how_many):
        animal, camera = draw.choices(["cat", "dog", "owl"], [50, 40, 10])[0], draw.choice(["day", "night"])
        row = {"animal": animal, "camera": camera}
        for model, sure in (("wide", 2.4), ("small", 1.4 if camera == "night" else 2.2)):
            scores = {name: math.exp(sure * (name == animal) + draw.gauss(0, 1)) for name in ("cat", "dog", "owl")}
            row |= {f"{model}_{name}": f"{score / sum(scores.values()):.6f}" for name, score in scores.items()}
        found.append(row)
    return found


def searches(how_many: int = 300, seed: int = 5) -> list[dict[str, str]]:
    """Items that were shown for searches on two devices, with clicks; a new order, and one that is worse on phones."""
    draw = random.Random(seed)
    found = []
    for search in range(how_many):
        device = draw.choice(["phone", "desk"])
        for _ in range(draw.randint(4, 12)):
            clicks = draw.choice([1, 1, 2]) if draw.random() < 0.2 else 0
            scores = {"new": draw.gauss(clicks, 0.9), "old": draw.gauss(clicks, 2.0 if device == "phone" else 1.0)}
            told = {name: f"{score:.2f}" for name, score in scores.items()}
            found.append({"search": f"s{search}", "device": device, "clicks": f"{clicks}", **told})
    return found


def write(path: Path, content: list[dict[str, str]]) -> Path:
    """Writes them as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(content[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(content)
    return path
