"""Named pipes as signals: opening one waits for the other end."""

from pathlib import Path


def give(fifo: str, text: str = "") -> None:
    Path(fifo).write_text(text)


def take(fifo: str) -> str:
    return Path(fifo).read_text()
