"""``benison serve`` as a person starts it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from benison.cli import serve
from benison.core.errors import ConfigError, InputError
from benison.registry.registry import Registry
from benison.registry.testing import SAID, provenance
from serving.tests.made import ROW
from serving.tests.running import MODEL, Server, free_port, until

PROJECT = {
    "name": MODEL,
    "data": {"path": "visits.csv"},
    "label": {"column": "bought", "positive": "yes", "negative": "no"},
    "features": {"x": "numeric"},
    "model": {},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.8}]},
}


def told(*words: str) -> BaseException | None:
    return CliRunner().invoke(serve.command, words).exception


def test_an_environment_without_kserve_is_told_how_to_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benison.serving.command.find_spec", lambda name: None)
    error = told("-p", ".")
    assert isinstance(error, InputError)
    assert error.exit_code == 2
    said = (
        "benison serve: expected an environment with kserve, got none\n\nhint: make serve-setup  makes one: .serve/bin/"
    )
    assert str(error).startswith(said)


def test_a_model_without_a_registry_and_a_folder_without_a_project_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("benison.serving.command.find_spec", lambda name: True)
    error = told("--model", "shop")
    assert isinstance(error, ConfigError)
    assert "--model: expected a registry and no project beside it, got otherwise\n\nhint: write  --registry" in str(
        error
    )
    assert isinstance(told("-p", str(tmp_path)), ConfigError)


def test_a_key_to_trust_that_cannot_be_read_stops_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benison.serving.command.find_spec", lambda name: True)
    error = told("--model", "shop", "--registry", str(tmp_path), "--trusted", str(tmp_path / "release.pub"))
    assert isinstance(error, ConfigError)
    assert "release.pub: expected a public key on P-256, P-384 or P-521, in PEM, got No such file" in str(error)


@pytest.mark.slow
def test_a_project_s_champion_is_served_and_the_next_one_and_the_last_one_again(
    tmp_path: Path, scaling: Callable[..., Path]
) -> None:
    registry = Registry.create(str(tmp_path / "registry"), MODEL)
    one, two = (registry.register(scaling(level), provenance(f"{level}"), **SAID) for level in (0.5, 0.25))
    registry.promote(one, force=True, **SAID)
    port = free_port()
    serving = {"port": 1, "poll_seconds": 0.05, "max_rows": 1}
    plan = {"guardrails": [{"metric": "slow_share", "over_ms": 60, "tolerance": 0.1}]}
    said = {**PROJECT, "registry": str(tmp_path / "registry"), "serving": serving, "rollout": plan}
    (tmp_path / "benison.yaml").write_text(yaml.safe_dump(said))
    words = ["-m", "benison.serving", "-p", str(tmp_path), "--port", str(port)]
    server = Server(words, port, tmp_path / "stderr.txt")
    try:
        until(server.is_ready, 90)
        assert server.predict(ROW).scores == [0.25]
        # A bucket ends where the plan draws the line.
        assert 'le="0.06"' in str(server.ask("/metrics").body)
        assert "expected 1 to 1 rows, got 2" in json.dumps(server.predict(ROW, ROW).body)
        registry.promote(two, force=True, **SAID)
        until(lambda: server.predict(ROW).scores == [0.125])
        registry.rollback(**SAID)
        until(lambda: server.predict(ROW).scores == [0.25])
        assert server.predict(ROW).headers["x-package"] == one
        server.stop()
        assert "stopped" in server.errors.read_text()
    finally:
        server.process.kill()
        server.process.wait()
