"""A pipeline whose tasks say where they run, for the engine that puts them into containers."""

from kfp import dsl

from benison.core.images import DELIVER

component = dsl.component(base_image=DELIVER, install_kfp_package=False)


@component
def look(path: str, found: dsl.OutputPath(str)):
    import os
    from pathlib import Path

    seen = Path(path).read_text()
    try:
        Path(path).write_text("changed")
        seen += ", written"
    except OSError:
        seen += ", read only"
    Path(found).write_text(f"{seen}, user {os.getuid() > 0}, root {os.access('/etc', os.W_OK)}")


@component
def tell() -> str:
    from benison.core.images import GROUP_OF

    return GROUP_OF["pusher"]


@component
def fill(megabytes: int) -> int:
    return len(bytearray(megabytes * 1_000_000).replace(b"\0", b"1"))


@component
def stay(seconds: int) -> int:
    import time

    time.sleep(seconds)
    return seconds


@dsl.pipeline(name="looking")
def looking(path: str):
    look(path=path)


@dsl.pipeline(name="telling")
def telling():
    tell()


@dsl.pipeline(name="filling")
def filling(megabytes: int):
    fill(megabytes=megabytes).set_memory_limit("200M")


@dsl.pipeline(name="staying")
def staying(seconds: int):
    stay(seconds=seconds)
