"""environment: and secrets: under targets: in benison.yaml."""

from __future__ import annotations

import pytest

from benison.config.environment import Secret, secrets_of, variables_of
from benison.core.errors import ConfigError
from benison.core.sections import Section


def test_variables_are_read_as_texts() -> None:
    said = {"AWS_ENDPOINT_URL": "http://minio:9000", "AWS_ACCESS_KEY_ID_FILE": "/x", "_a": ""}
    assert variables_of(Section("f", {"environment": said})) == said
    assert variables_of(Section("f", {})) == {} and secrets_of(Section("f", {})) == ()


def test_keys_of_a_secret_become_variables_of_the_same_or_of_another_name() -> None:
    said = {"aws": ["AWS_ACCESS_KEY_ID"], "minio.team-a": {"access.key": "AWS_SECRET_ACCESS_KEY"}}
    assert secrets_of(Section("f", {"secrets": said})) == (
        Secret("aws", {"AWS_ACCESS_KEY_ID": "AWS_ACCESS_KEY_ID"}),
        Secret("minio.team-a", {"access.key": "AWS_SECRET_ACCESS_KEY"}),
    )


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "DB_PASSWORD",
        "GITHUB_TOKEN",
        "api_key",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "PRIVATE_KEY",
    ],
)
def test_a_secret_among_the_variables_is_refused_and_not_shown(name: str) -> None:
    with pytest.raises(ConfigError, match=r"(?s)expected nothing secret, got \w+\n.*targets.kubeflow.secrets") as error:
        variables_of(Section("f", {"environment": {name: "s3cr3t"}}))
    assert "s3cr3t" not in str(error.value)


@pytest.mark.parametrize(("name", "value"), [("1A", "b"), ("A-B", "b"), ("A", 1), ("A", None), (1, "b")])
def test_a_variable_that_is_none_is_told(name: object, value: object) -> None:
    with pytest.raises(ConfigError):
        variables_of(Section("f", {"environment": {name: value}}))


@pytest.mark.parametrize(
    "said",
    [
        {"AWS": ["A"]}, {"aws": []}, {"aws": "hunter2"}, {"aws": {"k": "1A"}}, {"aws": {"k k": "A"}},
        {"aws": {"k": 1}}, {"aws": {}}, {1: ["A"]}, {"aws": ["A", 2]},
    ],
)  # fmt: skip
def test_a_secret_that_is_none_is_told_without_what_stands_there(said: object) -> None:
    with pytest.raises(ConfigError) as error:
        secrets_of(Section("f", {"secrets": said}))
    assert "hunter2" not in str(error.value)
