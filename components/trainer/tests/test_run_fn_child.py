"""Faults of modules, each told with its file and line. One process meets all of them, since a start takes seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULES = {
    "syntax": "import os\ndef run_fn(fn_args)\n    pass\n",
    "misspelt": "def run_nf(fn_args):\n    pass\n",
    "nothing": "",
    "exit": "import sys\ndef run_fn(fn_args):\n    sys.exit(0)\n",
    "package": "\nimport absent_package.part\ndef run_fn(fn_args):\n    pass\n",
    "transform": "import tensorflow_transform as tft\ndef run_fn(fn_args):\n    pass\n",
    "no_graph": "import os\ndef run_fn(fn_args):\n    os.path.join(fn_args.transform_output, 'x')\n",
    "neighbour": "from parts import inner\ndef run_fn(fn_args):\n    inner.fail()\n",
    "memory": "def run_fn(fn_args):\n    raise MemoryError\n",
    "unknown_module": "from tfx.components.transform import stats_options_util\ndef run_fn(fn_args):\n    pass\n",
    "unknown_name": "from tfx.v1 import proto\ndef run_fn(fn_args):\n    pass\n",
    "unknown_attribute": "from tfx import v1 as tfx\ndef run_fn(fn_args: tfx.components.Trainer):\n    pass\n",
    "keras_2": "from tensorflow import keras\ndef run_fn(fn_args):\n    assert 'tf_keras' in keras.Model.__module__\n",
    "sub/names": """
        from tensorflow_metadata.proto.v0 import schema_pb2
        from tfx import v1 as tfx
        from tfx.components.trainer import fn_args_utils
        from tfx.components.trainer.executor import TrainerFnArgs
        from tfx.components.trainer.fn_args_utils import DataAccessor, FnArgs
        from tfx.dsl.io import fileio
        from tfx.utils import io_utils
        from tfx_bsl.public import tfxio
        import tfx.v1 as tfx_again
        import beside

        def tuner_fn(fn_args: tfx.components.FnArgs) -> tfx.components.TunerFnResult: ...

        def run_fn(fn_args: TrainerFnArgs):
            assert type(fn_args) is FnArgs is tfx.components.FnArgs is fn_args_utils.FnArgs is TrainerFnArgs
            assert type(fn_args.data_accessor) is DataAccessor is tfx.components.DataAccessor
            assert fn_args.data_accessor.data_view_decode_fn is None
            assert fn_args.num_examples == {"train": 2, "eval": 1}
            assert FnArgs(train_steps=3).train_steps == 3 and FnArgs() == FnArgs()
            io_utils.write_string_file("made/schema.pbtxt", 'feature { name: "a" type: INT }')
            assert fileio.exists("made/schema.pbtxt") and tfx.dsl.io.fileio.isdir("made")
            read = tfx.utils.parse_pbtxt_file("made/schema.pbtxt", schema_pb2.Schema())
            assert read.feature[0].name == "a" and read == io_utils.SchemaReader().read("made/schema.pbtxt")
            with fileio.open("made/schema.pbtxt") as file:
                assert file.read() == io_utils.read_string_file("made/schema.pbtxt")
            assert tfx_again is tfx and beside.HERE
    """,
}
PROGRAM = """
import json, sys
_, modules, project = sys.argv
from benison.components.trainer.run_fn import child
from benison.core.errors import BenisonError
told = {}
for name in json.loads(modules):
    fn_args = {"train_steps": 3, "transform_output": None, "num_examples": {"train": 2, "eval": 1}}
    try:
        child.answer({"project": project, "module": name + ".py", "seed": 1, "fn_args": fn_args})
        told[name] = "returned"
    except BenisonError as error:
        told[name] = str(error)
print(json.dumps(told))
"""
NO_TFX = (
    "hint: TFX is not installed; without it there are tfx.v1.components (FnArgs, DataAccessor, TunerFnResult), tfx.v1"
)
SAID = {
    "syntax": "syntax.py:2: expected a module that can be imported, got SyntaxError: expected ':'",
    "misspelt": "misspelt.py: expected a function run_fn(fn_args), got none\n\nhint: is run_nf meant for it?",
    "nothing": "nothing.py: expected a function run_fn(fn_args), got none",
    "absent": "absent.py: expected a Python file of the project, got none\n\nhint: ",
    "exit": "exit.py:3: expected run_fn to return, got SystemExit: 0",
    "package": "package.py:2: expected a module that can be imported, got ModuleNotFoundError: No module named "
    "'absent_package'\n\nhint: install absent_package beside Benison, or put absent_package.py into the project",
    "transform": "transform.py:1: expected a module that can be imported, got ModuleNotFoundError: No module named "
    "'tensorflow_transform'\n\nhint: pip install 'tensorflow-transform==1.",
    "no_graph": "no_graph.py:3: expected run_fn to return, got TypeError: expected str, bytes or os.PathLike object, "
    "not NoneType\n\nhint: fn_args.transform_graph_path is None, since Benison has no Transform",
    "neighbour": "parts/inner.py:3: expected run_fn to return, got ValueError: no",
    "memory": "memory.py:2: expected run_fn to return, got MemoryError\n\nhint: it does not fit into memory: take "
    "smaller batches or a smaller model",
    "unknown_module": "unknown_module.py:1: expected a module that can be imported, got ImportError: no "
    f"tfx.components.transform: TFX is not installed\n\n{NO_TFX}",
    "unknown_name": "unknown_name.py:1: expected a module that can be imported, got ImportError: no tfx.v1.proto: "
    f"TFX is not installed\n\n{NO_TFX}",
    "unknown_attribute": "unknown_attribute.py:2: expected a module that can be imported, got AttributeError: module "
    f"'tfx.v1.components' has no attribute 'Trainer'\n\n{NO_TFX}",
    "keras_2": "returned",
    "sub/names": "returned",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    project = tmp_path_factory.mktemp("project")
    for folder in ("parts", "sub", "work"):
        (project / folder).mkdir()
    (project / "parts" / "inner.py").write_text("\ndef fail():\n    raise ValueError('no')\n")
    (project / "sub" / "beside.py").write_text("HERE = True\n")
    for name, source in MODULES.items():
        (project / f"{name}.py").write_text(source.replace("\n        ", "\n"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(list(SAID)), str(project)],
        cwd=project / "work",
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # The stack as Python shows it goes to the log besides.
    assert "raise ValueError('no')" in done.stderr
    assert not list(project.rglob("__pycache__"))
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("module", SAID)
def test_what_a_module_does_is_said_as_what_it_is(told: dict[str, str], module: str) -> None:
    if module in ("transform",) and told[module] == "returned":
        pytest.skip("tensorflow_transform is installed here")
    assert told[module].startswith(SAID[module])
