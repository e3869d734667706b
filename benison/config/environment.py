"""What tasks on a cluster find in their environment: plain values, and on Kubernetes keys of its secrets by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from benison.core.sections import Section

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_KEY = re.compile(r"[A-Za-z0-9._-]+")
# A value in benison.yaml lies in git, in the bundle and in the compiled pipeline.
_SECRET = re.compile(r"(?i)secret|password|passwd|token|credential|(access|private|api)_?key(?!_id)")


@dataclass(frozen=True)
class Secret:
    """A secret of Kubernetes, and which of its keys become which variables.

    Attributes:
        name: Of the secret, in the namespace of the run.
        variables: By key the variable.
    """

    name: str
    variables: Mapping[str, str]


def variables_of(section: Section) -> dict[str, str]:
    """``environment: {AWS_ENDPOINT_URL: http://minio:9000}``.

    Raises:
        ConfigError: A name is none, a value is no text, or it looks like a secret.
    """
    own = section.section("environment", optional=True)
    found = {}
    for name in own.content:
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise own.error(str(name), "a variable: letters, digits and _", repr(name))
        if _SECRET.search(name):
            hint = "values here can be read by everybody: name a secret of Kubernetes under targets.kubeflow.secrets"
            raise own.error(name, "nothing secret", name, f"{hint}; on Vertex use the service account")
        found[name] = own.take(name, str)
    own.close()
    return found


def secrets_of(section: Section) -> tuple[Secret, ...]:
    """``secrets: {aws: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]}``, or ``{aws: {key: VARIABLE}}``.

    Raises:
        ConfigError: A name is none.
    """
    own = section.section("secrets", optional=True)
    found = []
    for name, said in own.content.items():
        if not isinstance(name, str) or not _SECRET_NAME.fullmatch(name):
            raise own.error(str(name), "the name of a secret of Kubernetes", repr(name))
        variables = dict(zip(said, said, strict=True)) if isinstance(said, list) else said
        if not isinstance(variables, dict) or not variables or not all(_pair(*pair) for pair in variables.items()):
            hint = "as in  aws: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]  or  aws: {accesskey: AWS_ACCESS_KEY_ID}"
            # What stands there may be the secret itself.
            raise own.error(name, "its keys, each with the variable it becomes", "something else", hint)
        found.append(Secret(name, variables))
        own.asked.add(name)
    own.close()
    return tuple(found)


def _pair(key: object, variable: object) -> bool:
    texts = isinstance(key, str) and isinstance(variable, str)
    return texts and bool(_KEY.fullmatch(str(key)) and _VARIABLE.fullmatch(str(variable)))
