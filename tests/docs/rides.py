"""Three months of taxi rides, made up: fares rise in the third, in which people begin to pay by app."""

from __future__ import annotations

import csv
import random
from pathlib import Path

FARES = {1: 1.0, 2: 1.0, 3: 1.5}


def month(number: int, rows: int = 3000) -> list[dict[str, str]]:
    """The rides of a month of 2024."""
    draw = random.Random(number)
    rides = []
    for ride in range(rows):
        fare = FARES[number] * (2.5 + draw.gammavariate(2, 4))
        payment = "app" if number == 3 and draw.random() < 0.08 else draw.choice(["card", "card", "cash"])
        tipped = draw.random() < (0.05 if payment == "cash" else 0.75)
        day, hour, minute = 1 + ride * 28 // rows, draw.randrange(24), draw.randrange(60)
        rides.append(
            {
                "ride": f"{number}{ride:05d}",
                "pickup": f"2024-{number:02d}-{day:02d}T{hour:02d}:{minute:02d}:00",
                "payment": payment,
                "fare": f"{fare:.2f}",
                "miles": "" if draw.random() < 0.02 else f"{draw.gammavariate(2, 1.5):.1f}",
                "tipped": "yes" if tipped else "no",
            }
        )
    return rides


def write(folder: Path) -> None:
    """Writes rides/2024-01.csv and rides/2024-02.csv; new/2024-03.csv has not arrived yet."""
    for number in FARES:
        path = folder / ("new" if number == 3 else "rides") / f"2024-{number:02d}.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="") as file:
            rides = month(number)
            writer = csv.DictWriter(file, list(rides[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rides)
