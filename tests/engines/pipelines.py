"""Toy pipelines; what they share lies in toys/."""

# KFP 2.13 takes lists and mappings from typing only.
from typing import Dict, List, NamedTuple  # noqa: UP035

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Output

component = dsl.component(base_image="python", install_kfp_package=False)


class Outputs(NamedTuple):
    verdict: str


@component
def make(count: int, data: Output[Dataset]):
    from pathlib import Path

    import numpy as np

    Path(data.path).mkdir()
    np.savetxt(Path(data.path) / "values.txt", np.arange(count))
    print(f"made {count} values")


@component
def measure(data: Input[Dataset], unit: str, report: Output[Metrics], text: dsl.OutputPath(str)) -> NamedTuple(
    "Outputs", [("verdict", str), ("mean", float), ("rows", int)]
):
    from pathlib import Path

    import numpy as np
    from toys.arithmetic import mean

    values = np.loadtxt(Path(data.path) / "values.txt")
    report.log_metric("mean", mean(values))
    Path(text).write_text(f"{mean(values)} {unit}")
    return ("pushed", mean(values), len(values))


@component
def total(mean: float, rows: int, text: str, factors: List[float], names: Dict[str, str], exact: bool) -> float:  # noqa: UP006
    assert type(rows) is int and type(mean) is float and exact is True and text.endswith(names["unit"])
    return mean * rows * factors[0]


@dsl.pipeline(name="measuring")
def measuring(count: int = 5, unit: str = "m") -> Outputs:
    made = make(count=count)
    measured = measure(data=made.outputs["data"], unit=unit)
    total(
        mean=measured.outputs["mean"],
        rows=measured.outputs["rows"],
        text=measured.outputs["text"],
        factors=[2.0],
        names={"unit": "m"},
        exact=True,
    )
    return Outputs(verdict=measured.outputs["verdict"])


@dsl.pipeline(name="half-cached")
def half_cached(count: int = 5) -> Outputs:
    made = make(count=count).set_caching_options(False)
    return Outputs(verdict=measure(data=made.outputs["data"], unit="m").outputs["verdict"])


@component
def meet(mine: str, other: str, first: bool) -> str:
    from toys.rendezvous import give, take

    if first:
        give(mine, "from the first")
        return take(other)
    heard = take(other)
    give(mine, "from the second")
    return heard


@dsl.pipeline(name="meeting")
def meeting(one: str, two: str):
    meet(mine=one, other=two, first=True)
    meet(mine=two, other=one, first=False)


@component
def refuse(path: str, kept: Output[Dataset]):
    from pathlib import Path

    from benison.core.errors import DataError

    Path(kept.path).mkdir()
    Path(kept.path, "half.txt").write_text("half")
    raise DataError(path, expected="rows", got="none", hint="name another file")


@component
def divide(by: int) -> float:
    return 1 / by


@component
def one() -> int:
    return 1


@component
def follow(kept: Input[Dataset]) -> int:
    return 1


@dsl.pipeline(name="failing")
def failing(path: str):
    refused = refuse(path=path)
    divide(by=0)
    one()
    follow(kept=refused.outputs["kept"])


@component
def hold(ready: str, never: str):
    import os
    import subprocess

    from toys.rendezvous import give, take

    # One that stays in the process group and one that leaves it.
    subprocess.Popen(["sleep", "1000"])
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    give(ready, f"{os.getpid()} {os.getppid()}")
    take(never)


@dsl.pipeline(name="holding")
def holding(ready: str, never: str):
    held = hold(ready=ready, never=never)
    one().after(held)


@component
def end_self(how: str) -> int:
    import os
    import signal
    import sys

    if how == "exit":
        os._exit(7)
    if how == "sys.exit":
        sys.exit(1)
    if how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    os.kill(os.getppid() if how == "warm" else os.getpid(), signal.SIGKILL)
    # Until the warm process has taken this one with it.
    signal.pause()
    return 1


@dsl.pipeline(name="ending")
def ending(how: str):
    end_self(how=how)
    one()


@component
def surroundings() -> Dict[str, str]:  # noqa: UP006
    import logging
    import os
    import sys
    import tempfile
    from pathlib import Path

    import numpy as np

    print("to stdout")
    print("to stderr", file=sys.stderr)
    logging.getLogger("toys").warning("to the log")
    return {
        "cwd": str(Path.cwd()),
        "TMPDIR": os.environ["TMPDIR"],
        "tempfile": tempfile.mkdtemp(),
        "drawn": str(np.random.random()),
        "variable": os.environ.get("TOY_VARIABLE", ""),
        "argv": sys.executable,
    }


@dsl.pipeline(name="surrounded")
def surrounded():
    surroundings()
    surroundings()
    surroundings().set_env_variable("TOY_VARIABLE", "set")


@component
def yield_one() -> int:
    return 1


@component
def train(seed: int) -> float:
    from toys.training import train

    return train(seed)


@dsl.pipeline(name="training")
def training():
    train(seed=1)
    train(seed=2)
    yield_one()


@component
def share_out(count: int) -> float:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from toys.rounding import rounded

    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(rounded, [0.5] * count))


@component
def linger(data: Output[Dataset]):
    import atexit
    import threading
    from pathlib import Path

    path = Path(data.path)
    path.mkdir()
    turn = threading.Event()

    def write_late() -> None:
        turn.wait()
        (path / "thread.txt").write_text("late")

    threading.Thread(target=write_late).start()
    threading._register_atexit(turn.set)
    atexit.register((path / "exit.txt").write_text, "later")


@dsl.pipeline(name="spreading")
def spreading():
    share_out(count=2)
    linger()


@component
def odd(how: str, data: Output[Dataset], note: dsl.OutputPath(str)) -> NamedTuple("Outputs", [("share", float)]):
    from pathlib import Path

    if how != "missing":
        Path(note).write_text(how)
    if how == "nan":
        return (float("nan"),)
    if how == "moved":
        data.uri = "/elsewhere"
    if how == "link":
        Path(data.path).mkdir()
        Path(data.path, "link").symlink_to("/etc/hosts")
    if how == "full":
        Path("/dev/full").write_text("x")
    return (1.0,)


@dsl.pipeline(name="oddities")
def oddities(how: str):
    odd(how=how)


@component
def stumble(tally: str, failures: int, kept: Output[Dataset]) -> int:
    from pathlib import Path

    with Path(tally).open("a") as file:
        file.write("x")
    Path(kept.path).mkdir()
    attempt = len(Path(tally).read_text())
    Path(kept.path, f"{attempt}.txt").write_text("")
    print(f"attempt {attempt}")
    if attempt <= failures:
        raise OSError("not yet")
    return attempt


@dsl.pipeline(name="stumbling")
def stumbling(tally: str, failures: int):
    stumble(tally=tally, failures=failures).set_retry(2, backoff_duration="3600s")
