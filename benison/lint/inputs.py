"""Inputs that a server refuses, and places that a cluster's pods do not see."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from benison.config.machines import LOCAL, VERTEX
from benison.lint.finding import WARNING, Finding
from benison.lint.reading import Document, Place

# KFP's server takes 10,000 bytes for all parameters of a run together; what a run is told besides needs room too.
MOST_BYTES = 8_000
_LOCAL_PATH = re.compile(r"(?:file://|/(?!/)|~/|\.{1,2}/|[A-Za-z]:\\).+", re.DOTALL)
_ON_VERTEX = "/gcs/"


def is_local(value: str, target: str) -> bool:
    """Whether a text is a path of one machine: ``/`` alone is there on each, and Vertex mounts buckets as ``/gcs/``."""
    return bool(_LOCAL_PATH.fullmatch(value)) and not (target == VERTEX and value.startswith(_ON_VERTEX))


def findings(document: Document, target: str) -> Iterator[Finding]:
    """Defaults and constants that do not travel."""
    parameters = dict(document.under("root", "inputDefinitions", "parameters"))
    for place, parameter in parameters.items():
        default = parameter.get("defaultValue")
        yield from _value(document, (*place, "defaultValue"), default, target)
        if parameter.get("isOptional") and default is None and target != LOCAL:
            why = "not every server fills in the function's own default"
            yield Finding(document.where(place), "a default beside isOptional", "none", why, WARNING)
    defaults = {place[-1]: parameter.get("defaultValue") for place, parameter in parameters.items()}
    size = len(json.dumps(defaults).encode())
    if size > MOST_BYTES and target != LOCAL:
        where, why = document.where(("root", "inputDefinitions")), "Kubeflow's server refuses 10,000; pass a URI"
        yield Finding(where, f"defaults of at most {MOST_BYTES} bytes together", f"{size}", why)
    for place, value in document.walk():
        if place[-2:] == ("runtimeValue", "constant"):
            yield from _value(document, place, value, target)


def _value(document: Document, place: Place, value: Any, target: str) -> Iterator[Finding]:
    if isinstance(value, float) and not math.isfinite(value):
        why = "parameters travel as JSON, which has no such number"
        yield Finding(document.where(place), "a finite number", repr(value), why)
    if isinstance(value, str) and target != LOCAL and is_local(value, target):
        why = "a path of your machine is not there in a pod; name a bucket: gs://, s3://"
        why += ", or /gcs/BUCKET on Vertex" if target == VERTEX else ""
        yield Finding(document.where(place), "a place that the cluster sees", repr(value), why)
