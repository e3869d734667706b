"""A build of Cloud Build as its proto has it, and its steps carried out here one after another."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from google.cloud.devtools import cloudbuild_v1
from google.protobuf import json_format

# What the service itself knows, besides what begins with _.
BUILT_IN = {"PROJECT_ID", "COMMIT_SHA", "SHORT_SHA", "TAG_NAME", "BRANCH_NAME", "BUILD_ID"}
# What a builder runs that is told no entrypoint.
BUILDERS = {"gcr.io/cloud-builders/docker": "docker", "gcr.io/cloud-builders/git": "git"}
_NAME = re.compile(r"\$\$|\$\{(\w+)\}|\$(\w+)")


@dataclass(frozen=True)
class Step:
    """A step: what it is called, what it runs, with which environment, after which others."""

    id: str
    image: str
    words: tuple[str, ...]
    env: Mapping[str, str]
    after: tuple[str, ...]


def parsed(file: Path) -> Any:
    """The build, strictly: a field that the service does not know is an error.

    Raises:
        ParseError: There is one.
    """
    content = yaml.safe_load(file.read_text())
    return json_format.ParseDict(content, cloudbuild_v1.Build.pb(cloudbuild_v1.Build()))


def steps(build: Any, given: Mapping[str, str]) -> list[Step]:
    """Its steps with substitutions filled in.

    Raises:
        KeyError: A substitution is neither declared nor known to the service.
    """
    values: dict[str, str] = dict.fromkeys(BUILT_IN, "") | dict(given)
    for name, text in build.substitutions.items():
        values.setdefault(name, filled(text, values))
    return [_step(one, values) for one in build.steps]


def _step(one: Any, values: Mapping[str, str]) -> Step:
    entrypoint = one.entrypoint or BUILDERS.get(one.name, "")
    words = [entrypoint, *(filled(word, values) for word in one.args)]
    env = dict(filled(pair, values).split("=", 1) for pair in one.env)
    return Step(one.id, filled(one.name, values), tuple(words), env, tuple(one.wait_for))


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its substitutions; ``$$`` is a dollar."""
    return _NAME.sub(lambda match: "$" if match[0] == "$$" else values[match[1] or match[2]], text)


def in_order(all_steps: list[Step]) -> Iterator[Step]:
    """The steps as they could run one after another. A step without ``waitFor`` waits for all before it."""
    done: set[str] = set()
    for place, step in enumerate(all_steps):
        waited = set(step.after) - {"-"} if step.after else {other.id for other in all_steps[:place]}
        assert waited <= done, f"{step.id} waits for {waited - done}, which stand after it or nowhere"
        done.add(step.id)
        yield step


def carried_out(step: Step, folder: Path, **more: str) -> str:
    """Runs a step in a folder, as its builder would; returns what it printed."""
    environment = {**os.environ, **more, **step.env}
    done = subprocess.run(
        step.words,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{step.id} left with {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout
