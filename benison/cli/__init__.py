"""The command line: one module per verb, imported when it is asked for, so that ``--help`` answers at once."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from benison import __version__
from benison.core import logs, shell
from benison.core.errors import BenisonError
from benison.core.secrets import redacted
from benison.core.spelling import nearest

_VERBS = {
    "ci": "Check a change: lint, tests, data contract, smoke run, compile, whatever of it the change asks for.",
    "compile": "Compile a pipeline to the YAML that a target runs: this machine, Kubeflow or Vertex.",
    "data": "Profile data, validate them, compare them, accept what a check found.",
    "doctor": "Say what is installed, and what each missing thing would give.",
    "evaluate": "Measure anybody's predictions by slice, with intervals, beside a baseline; judge them by a policy.",
    "init": "Start a project: a commented folder, filled in from your data if you name it.",
    "lint": "Say what a target cannot run of a project or a compiled pipeline, and why.",
    "monitor": "Watch live traffic for drift, missing values, volume, errors; raise alerts and tell people.",
    "notify": "Tell people what became of challengers, champions, rollouts and runs.",
    "plan": "Say what has to run after a change, and why.",
    "registry": "Look at versions and promotions, promote by hand, roll back.",
    "report": "Write a run's report again and show its scorecard.",
    "rollout": "Carry a blessed challenger to all live traffic, step by step, or send it back.",
    "run": "Run a project's pipeline here, from raw data to a defended champion.",
    "runs": "List a project's runs wherever they ran, show one, cancel one.",
    "schedule": "Let Kubeflow or Vertex train by themselves, at times that cron tells.",
    "serve": "Serve the champion over HTTP, and whatever becomes champion meanwhile.",
    "smoke": "Run a project's pipeline on a few rows, to see that it runs.",
    "submit": "Run a project's pipeline on Kubeflow or Vertex, and follow it to its verdict.",
    "trigger": "Start runs when code, data, a time or a person asks for them, each once, and say why.",
}


class _Verbs(click.Group):
    """A group whose commands lie in modules of their own, each with a ``command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        found: click.Command = importlib.import_module(f"benison.cli.{cmd_name}").command
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in _VERBS:
            raise click.UsageError(f"no command {args[0]!r}: {nearest(args[0], _VERBS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="benison")
def benison() -> None:
    """Carries a model from raw data to live traffic and lets nothing through that has not been proven.

    Exit codes: 0 done, 1 the gate said no, 2 bad usage or input, 3 something broke.
    """


def guarded(call: Callable[[], object]) -> int:
    """Runs a command and turns whatever ends it into the exit code that means it."""
    try:
        left_with = call()
    except click.ClickException as error:
        return shell.show_usage(error)
    except BenisonError as error:
        click.echo(redacted(f"error: {error}"), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("cancelled", err=True)
        return 130
    except SystemExit:
        # click leaves so, with 1, where nobody reads its output any more: `benison run | head` is no gate's no.
        return 141
    except Exception:
        # Python leaves with 1 after a crash, which here would read as the gate's no.
        logs.show_crash(*sys.exc_info())
        return 3
    # Outside of standalone mode click returns the code that a command left with.
    return left_with if isinstance(left_with, int) else 0


def main(args: Sequence[str] | None = None) -> None:
    """The console script."""
    logs.configure()
    sys.exit(guarded(lambda: benison.main(args=args, prog_name="benison", standalone_mode=False)))
