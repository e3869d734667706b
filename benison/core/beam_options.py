"""Options for a pipeline of Apache Beam, which itself only warns of those that it does not know."""

from __future__ import annotations

from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, SetupOptions

from benison.core.errors import ConfigError
from benison.core.spelling import nearest


def options(flags: Sequence[str], where: str) -> PipelineOptions:
    """Beam's runner, and what that runner asks for.

    Args:
        flags: As on a command line: ``--runner=FlinkRunner``, ``--flink_master=localhost:8081``.
        where: Where they are written, for messages.

    Raises:
        ConfigError: Beam knows no such option; the message names the nearest one.
    """
    known = PipelineOptions([]).get_all_options()
    for flag in flags:
        name = flag.removeprefix("--").partition("=")[0]
        if not flag.startswith("--") or name not in known:
            expected, hint = "options of Apache Beam, such as --runner=FlinkRunner", nearest(name, known)
            raise ConfigError(where, expected=expected, got=repr(flag), hint=hint)
    found = PipelineOptions(list(flags))
    try:
        found.get_all_options()
    except SystemExit as error:
        got, hint = repr(" ".join(flags)), "its own words stand above"
        raise ConfigError(where, expected="values that Apache Beam takes", got=got, hint=hint) from error
    found.view_as(SetupOptions).save_main_session = False
    return found
