import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benison import cli
from benison.core.errors import BrokenError, ConfigError


def leave_with(error: BaseException | None) -> int:
    def call() -> None:
        if error is not None:
            raise error

    return cli.guarded(call)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (ConfigError("a", expected="b", got="c"), 2),
        (BrokenError("a", expected="b", got="c"), 3),
        (click.UsageError("no"), 2),
        (ZeroDivisionError("a fault of ours"), 3),
    ],
)
def test_exit_codes_mean_something(error: BaseException | None, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert leave_with(error) == code
    assert capsys.readouterr().out == ""


def test_a_gate_s_no_leaves_with_1() -> None:
    @click.command()
    def blocked() -> None:
        raise click.exceptions.Exit(1)

    assert cli.guarded(lambda: blocked.main(args=[], standalone_mode=False)) == 1


def test_errors_go_to_stderr_with_their_hint(capsys: pytest.CaptureFixture[str]) -> None:
    leave_with(ConfigError("benison.yaml:3", expected="a name", got="7", hint="write letters"))
    assert capsys.readouterr().err == "error: benison.yaml:3: expected a name, got 7\n\nhint: write letters\n"


def test_a_misspelt_command_names_the_nearest() -> None:
    done = CliRunner().invoke(cli.benison, ["regsitry"])
    assert (done.exit_code, "did you mean registry?" in done.output) == (2, True)


def test_help_imports_no_heavy_library() -> None:
    program = (
        "import sys; from benison import cli; cli.guarded(lambda: cli.benison.main(['--help'], standalone_mode=False));"
        "print(sorted({'tensorflow', 'kfp', 'pyarrow', 'numpy', 'pandas', 'rich'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(verb in done.stdout for verb in ("init", "run", "compile", "registry", "report", "doctor"))


@pytest.mark.parametrize("verb", ["init", "run", "compile", "registry", "report", "doctor"])
def test_every_verb_has_help(verb: str) -> None:
    done = CliRunner().invoke(cli.benison, [verb, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: benison {verb}")


def test_a_folder_that_is_no_project_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a folder without it\n\nhint: .*benison init DIR"):
        cli.benison.main(["run", str(tmp_path)], standalone_mode=False)


def test_the_doctor_names_the_stack_and_its_packages() -> None:
    done = CliRunner().invoke(cli.benison, ["doctor"])
    assert done.exit_code == 0
    assert "tensorflow-data-validation" in done.output
    assert "stack" in done.output
