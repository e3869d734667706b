import errno
import os
import pwd
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benison import cli
from benison.cli import project
from benison.core.errors import BenisonError, BrokenError, ConfigError, ModelCodeError


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


def test_output_that_nobody_reads_is_not_a_gate_s_no() -> None:
    @click.command()
    def unread() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    out, err = sys.stdout, sys.stderr
    try:
        assert cli.guarded(lambda: unread.main(args=[], standalone_mode=False)) == 141
    finally:
        sys.stdout, sys.stderr = out, err


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    nobody = next(number for number in range(54321, 60000) if number not in {one.pw_uid for one in pwd.getpwall()})
    monkeypatch.setattr(os, "getuid", lambda: nobody)
    assert project.who() == f"{nobody}@{socket.gethostname()}"
    monkeypatch.setenv("USER", "ann")
    assert project.who() == f"ann@{socket.gethostname()}"


CENSUS = Path(__file__).parents[2] / "examples" / "census"


def census(folder: Path) -> Path:
    shutil.copytree(CENSUS, folder, ignore=shutil.ignore_patterns("data", "runs", "registry"))
    return folder


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name = 'caf\xe9'\n", r"model.py(:1)?: expected Python, got .*utf-8"),
        (b"x = 1\0\n", "model.py: expected Python, got (SyntaxError: )?source code string cannot contain null bytes"),
        (b"x = 1\ny = (\n", r"model.py:2: expected Python, got SyntaxError: '\(' was never closed"),
    ],
)
def test_a_model_that_is_no_python_is_named_before_anything_runs(tmp_path: Path, content: bytes, said: str) -> None:
    folder = census(tmp_path / "project")
    (folder / "model.py").write_bytes(content)
    with pytest.raises(ModelCodeError, match=said):
        cli.benison.main(["run", str(folder)], standalone_mode=False)


def test_a_runs_folder_that_tensorflow_would_take_for_a_pattern_is_refused(tmp_path: Path) -> None:
    said = r"a runs folder without \* \? \[ in its path, got \[ in it\n\nhint: TensorFlow .*--runs"
    with pytest.raises(ConfigError, match=said):
        cli.benison.main(["run", str(census(tmp_path / "a [1]"))], standalone_mode=False)


def test_a_file_that_the_bundle_would_leave_behind_is_named_before_anything_runs(tmp_path: Path) -> None:
    folder = census(tmp_path / "project")
    shutil.copytree(CENSUS / "data", folder / "data")
    (folder / "schema.pbtxt").rename(folder / "data" / "schema.pbtxt")
    text = (folder / "benison.yaml").read_text()
    (folder / "benison.yaml").write_text(text.replace("data:\n", "data:\n  schema: data/schema.pbtxt\n", 1))
    said = r"\(data.schema\): expected a file that the bundle takes along, got 'data/schema.pbtxt'\n\nhint: move it out"
    with pytest.raises(ConfigError, match=said):
        cli.benison.main(["run", str(folder)], standalone_mode=False)


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
    assert all(
        verb in done.stdout for verb in ("init", "run", "compile", "data", "lint", "registry", "report", "doctor")
    )


@pytest.mark.parametrize("verb", ["init", "run", "compile", "data", "lint", "registry", "report", "doctor"])
def test_every_verb_has_help(verb: str) -> None:
    done = CliRunner().invoke(cli.benison, [verb, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: benison {verb}")


def test_a_folder_that_is_no_project_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a folder without it\n\nhint: .*benison init DIR"):
        cli.benison.main(["run", str(tmp_path)], standalone_mode=False)


def test_a_file_is_not_told_to_be_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data.csv").touch()
    with pytest.raises(ConfigError, match="got a file"):
        cli.benison.main(["run", str(tmp_path / "data.csv")], standalone_mode=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--label", "bought"], "name them with --data"),
        (["--positive", "1"], "name them with --data"),
        (["--data", ".", "--label", "bought"], "got the folder"),
    ],
)
def test_init_says_what_is_missing_and_writes_nothing(options: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises((click.UsageError, BenisonError), match=said):
        cli.benison.main(["init", str(tmp_path / "new"), *options], standalone_mode=False)
    assert not (tmp_path / "new").exists()


def test_the_doctor_names_the_stack_and_its_packages() -> None:
    done = CliRunner().invoke(cli.benison, ["doctor"])
    assert done.exit_code == 0
    assert "tensorflow-data-validation" in done.output
    assert "stack" in done.output


@pytest.mark.parametrize("kind", [ConfigError, BrokenError, None])
def test_no_error_shows_a_secret(kind: type[BenisonError] | None, capsys: pytest.CaptureFixture[str]) -> None:
    # pragma: allowlist nextline secret -- made up
    secret = "s3" + "://ada:lovelace1815@models"
    error = kind("benison.yaml:3", expected="a folder", got=secret, hint=secret) if kind else ValueError(secret)
    leave_with(error)
    cli.guarded(lambda: cli.benison.main(args=["run", secret], standalone_mode=False))
    err = capsys.readouterr().err
    assert "lovelace" not in err and "ada:***@models" in err and "s3:/ada:***@models" in err
