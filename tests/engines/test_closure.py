import shutil
from pathlib import Path

import pytest

import benison
from benison.core import documents
from benison.engines.closure import Closure, Import, closure_of, imports_of
from benison.engines.memo import ImportMemo

PROGRAM = "def task():\n    from app.run import run\n    run()\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "core").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "run.py": "import csv\nfrom app import fit\nfrom .core import tables\ndef run():\n    from app import later\n",
        "fit.py": "import numpy as np\nfrom scipy.stats import norm\n",
        "later.py": "import tensorflow\nfrom . import last\n",
        "last.py": "import yaml\n",
        "unrelated.py": "import keras\n",
        "core/__init__.py": "",
        "core/tables.py": "import typing\nif typing.TYPE_CHECKING:\n    import pandas\nelse:\n    import pyarrow\n",
    }.items():
        (folder / name).write_text(text)
    return folder


def closure(app: Path, program: str = PROGRAM) -> Closure:
    return closure_of(program, {"app": app})


def test_finds_what_is_imported_at_once_and_what_may_be_later(app: Path) -> None:
    found = closure(app)
    assert found.preload == ("numpy", "pyarrow", "scipy.stats:norm")
    assert found.packages == {"numpy", "pyarrow", "scipy", "tensorflow", "yaml"}


@pytest.mark.parametrize("name", ["__init__", "run", "fit", "later", "last", "core/__init__", "core/tables"])
def test_the_digest_changes_with_every_module_it_reaches(app: Path, name: str) -> None:
    before = closure(app)
    path = app / f"{name}.py"
    path.write_text(path.read_text() + "# changed\n")
    assert closure(app).digest != before.digest


def test_the_digest_stays_where_nothing_it_reaches_changes(app: Path) -> None:
    before = closure(app)
    (app / "unrelated.py").write_text("import torch\n")
    assert closure(app) == before


def test_the_digest_changes_with_the_program(app: Path) -> None:
    assert closure(app).digest != closure(app, PROGRAM + "# changed\n").digest


def test_is_heavy_only_if_a_heavy_library_is_imported_at_once(app: Path) -> None:
    assert not closure(app).heavy
    (app / "fit.py").write_text("from tensorflow.keras import layers\n")
    assert closure(app).heavy


def test_a_module_that_is_reached_both_ways_counts_as_imported_at_once(app: Path) -> None:
    (app / "fit.py").write_text("import app.later\n")
    assert closure(app).heavy
    assert "yaml" in closure(app).preload


def test_follows_every_way_to_write_an_import(app: Path) -> None:
    for program in (
        "import app.core.tables",
        "import app.core.tables as t",
        "from app.core import tables",
        "from app.core.tables import *",
        "try:\n    import app.core.tables\nexcept ImportError:\n    pass",
        "class A:\n    import app.core.tables",
        "with open('x'):\n    import app.core.tables",
    ):
        assert closure(app, program).preload == ("pyarrow",), program


def test_code_that_is_no_python_is_left_to_the_task(app: Path) -> None:
    (app / "fit.py").write_text("def\n")
    assert closure(app).preload == ("pyarrow",)


def test_code_that_reads_documents_changes_with_the_schemas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packages = {"benison": Path(benison.__file__).parent}
    schemas = Path(shutil.copytree(documents.SCHEMAS, tmp_path / "schemas"))
    programs = ("from benison.core import documents\n", "from benison.core import digests\n")
    before = [closure_of(program, packages).digest for program in programs]
    monkeypatch.setattr("benison.engines.closure.SCHEMAS", schemas)
    assert [closure_of(program, packages).digest for program in programs] == before
    (schemas / "verdict.schema.json").write_text("{}")
    reads, does_not = [closure_of(program, packages).digest for program in programs]
    assert reads != before[0] and does_not == before[1]


def test_reads_every_import_of_a_source() -> None:
    source = b"import a, b.c as d\nfrom ..e import f\nasync def g():\n    from h import *\n"
    assert imports_of(source) == (
        Import("a", "", 0, False),
        Import("b.c", "", 0, False),
        Import("e", "f", 2, False),
        Import("h", "*", 0, True),
    )


def test_the_memo_says_what_parsing_says_and_forgets_what_is_gone(app: Path, tmp_path: Path) -> None:
    path = tmp_path / "memo.json"
    for _ in range(2):
        memo = ImportMemo(path)
        assert closure_of(PROGRAM, {"app": app}, memo) == closure(app)
        memo.save()
    size = path.stat().st_size
    (app / "later.py").write_text("")
    memo = ImportMemo(path)
    assert closure_of(PROGRAM, {"app": app}, memo) == closure(app)
    memo.save()
    assert path.stat().st_size < size


def test_a_damaged_memo_is_no_memo(app: Path, tmp_path: Path) -> None:
    path = tmp_path / "memo.json"
    for text in ("", "[]", '{"sha256:0": [[1]]}', "{"):
        path.write_text(text)
        assert closure_of(PROGRAM, {"app": app}, ImportMemo(path)) == closure(app)
