"""What runs in the module's own process: TFX's arguments are made, and the module's run_fn is called with them."""

from __future__ import annotations

import random
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from benison.components.trainer import load
from benison.components.trainer.run_fn import stand_in
from benison.core import user_code
from benison.core.logs import quiet_imports

RUN = "run_fn"
_TRANSFORM = ("transform_output", "transform_graph_path", "TFTransformOutput")
NO_TRANSFORM = (
    "fn_args.transform_graph_path is None, since Benison has no Transform: put Keras preprocessing layers into the "
    "model, or make features of the raw columns in run_fn, as TFX modules do where there is no Transform"
)


def answer(request: dict[str, Any]) -> None:
    """Calls a module's run_fn.

    Args:
        request: ``project``, ``module``, ``seed`` and ``fn_args``.

    Raises:
        ModelCodeError: The module cannot be imported, has no run_fn, or run_fn raises.
    """
    project, module = Path(request["project"]).resolve(), request["module"]
    sys.argv = [module]
    with quiet_imports():
        arguments = _arguments(request)
    sys.path[:0] = dict.fromkeys([str((project / module).parent), str(project)])
    run_fn = load.function_of(project, module, RUN, "(fn_args)", advise=advice)
    with user_code.blamed(project, module, expected=f"{RUN} to return", advise=advice), _whole_stack_in_the_log():
        run_fn(arguments)


@contextmanager
def _whole_stack_in_the_log() -> Iterator[None]:
    try:
        yield
    except Exception:
        traceback.print_exc()
        raise


def _arguments(request: dict[str, Any]) -> Any:
    """TFX's own FnArgs where TFX is installed, else ours."""
    import numpy as np
    import tensorflow as tf

    _keras_as_it_is()
    stand_in.install_where_missing()
    from tfx.components.trainer.fn_args_utils import DataAccessor, FnArgs
    from tfx_bsl.tfxio.tf_example_record import TFExampleRecord

    def records(pattern: Any, schema: Any) -> Any:
        return TFExampleRecord(file_pattern=pattern, telemetry_descriptors=["Trainer"], schema=schema)

    random.seed(request["seed"])
    np.random.seed(request["seed"])
    tf.random.set_seed(request["seed"])
    accessor = DataAccessor(
        tf_dataset_factory=lambda pattern, options, schema=None: records(pattern, schema).TensorFlowDataset(options),
        record_batch_factory=lambda pattern, options, schema=None: records(pattern, schema).RecordBatches(options),
        data_view_decode_fn=None,
    )
    num_examples = request["fn_args"].pop("num_examples")
    made = FnArgs(data_accessor=accessor, **request["fn_args"])
    # TFX sets it where it is given statistics, without declaring it.
    made.num_examples = num_examples
    return made


def _keras_as_it_is() -> None:
    """Has AutoGraph leave Keras 2 alone.

    TensorFlow's list of what AutoGraph leaves alone has ``keras``, which Keras 2 was called until it became the package
    ``tf_keras``. Since then the first ``fit`` of the smallest model spends 20 seconds on rewriting Keras itself.
    """
    with suppress(ImportError, AttributeError):
        from tensorflow.python.autograph.core import config, config_lib

        config.CONVERSION_RULES = (config_lib.DoNotConvert("tf_keras"), *config.CONVERSION_RULES)


def advice(error: BaseException) -> str:
    """What to do about an exception out of a module."""
    name = (getattr(error, "name", "") or "") if isinstance(error, ImportError) else ""
    if name.partition(".")[0] == "tfx" or "module 'tfx" in str(error):
        return stand_in.HINT
    if name.partition(".")[0] == "tensorflow_transform":
        return f"pip install 'tensorflow-transform=={_transform_version()}' beside Benison, or do without its names"
    if isinstance(error, ModuleNotFoundError) and name:
        return f"install {name.partition('.')[0]} beside Benison, or put {name}.py into the project"
    if type(error).__name__ in ("MemoryError", "ResourceExhaustedError"):
        return "it does not fit into memory: take smaller batches or a smaller model"
    return NO_TRANSFORM if _wants_transform(error) else ""


def _transform_version() -> str:
    """TFX's libraries of one release share their first two numbers."""
    return ".".join(metadata.version("tfx-bsl").split(".")[:2]) + ".*"


def _wants_transform(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    within = any("tensorflow_transform" in Path(frame.filename).parts for frame in frames)
    return within or any(word in (frame.line or "") for frame in frames for word in _TRANSFORM)
