"""The two sets of versions that Benison is tested with, and which of them is installed."""

from __future__ import annotations

import platform
from importlib import metadata

_TENSORFLOW = {"2.16": "older", "2.21": "current"}


def glibc() -> str:
    """The C library's version, as in ``2.36``; empty where it is not glibc."""
    name, version = platform.libc_ver()
    return version if name == "glibc" else ""


def tensorflow() -> str:
    """TensorFlow's version, also of its wheel for CPUs alone; empty where there is none."""
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""


def installed() -> str:
    """``older`` (TFX 1.16, Python 3.11), ``current`` (TFX 1.21, Python 3.12 and newer), or empty for neither."""
    return _TENSORFLOW.get(".".join(tensorflow().split(".")[:2]), "")
