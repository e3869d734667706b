"""Vertex AI's API for models on loopback: it holds what is posted to the protos and to the API's own rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from google.cloud import aiplatform_v1 as api
from google.protobuf import json_format

from benison.registry.testing import MemoryStore

PARENT = "projects/acme/locations/europe-west4"
ARTIFACTS = "gs://acme-models/mirrored"
_ALIAS = re.compile(r"-?[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]")
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")
_MADE = "type.googleapis.com/google.cloud.aiplatform.v1.UploadModelResponse"
_METADATA = "type.googleapis.com/google.cloud.aiplatform.v1.UploadModelOperationMetadata"


class Refused(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class ModelServer:
    """A project without models, and the bucket that it reads.

    Attributes:
        artifacts: What lies below `ARTIFACTS`.
        polls: So often it is asked how an upload stands before the version is there.
        failure: What an upload comes to instead: a code of gRPC's and a message.
        fails: The status of every answer from now on; 0: it is well.
        stopping: Is called when an upload begins.
        stops: It stops at this request, counted down, and carries it out before if `after` says so.
    """

    artifacts: MemoryStore = field(default_factory=MemoryStore)
    versions: list[dict[str, Any]] = field(default_factory=list)
    operations: dict[str, list[Any]] = field(default_factory=dict)
    changes: list[tuple[str, Any]] = field(default_factory=list)
    polls: int = 1
    failure: tuple[int, str] | None = None
    fails: int = 0
    stopping: Callable[[], object] = lambda: None
    stops: int = -1
    after: bool = False

    def answer(self, method: str, address: str, body: Any) -> tuple[int, Any]:
        self.stops -= self.stops > 0
        stopped = self.stops == 0 or self.fails
        try:
            told = self._carried_out(method, urlsplit(address), body) if not stopped or self._last_gasp() else {}
        except Refused as error:
            return error.status, {"error": {"code": error.status, "message": str(error)}}
        status = self.fails or 503
        return (status, {"error": {"code": status, "message": "as the test wishes"}}) if stopped else (200, told)

    def resume(self) -> None:
        """It is well again, and what was under way has ended."""
        self.stops = self.fails = 0
        self.stops = -1
        for name in list(self.operations):
            self.operations[name][0] = 0
            self._operation(name)

    def aliases(self) -> dict[str, str]:
        """The number of the version that each alias stands for."""
        return {alias: one["versionId"] for one in self.versions for alias in one["versionAliases"]}

    def _last_gasp(self) -> bool:
        gasps, self.after = self.after and not self.fails, False
        return gasps

    def _carried_out(self, method: str, parts: Any, body: Any) -> Any:
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        for (verb, pattern), handler in _ROUTES.items():
            if verb == method and (match := re.fullmatch(pattern, unquote(parts.path))):
                if method != "GET":
                    self.changes.append((parts.path, body))
                return handler(self, query, body, *match.groups())
        raise Refused(404, f"no route {method} {parts.path}")

    def _list(self, query: dict[str, str], body: Any, model: str) -> Any:
        """Two at a time, the newest first."""
        own, at = self._of(model)[::-1], int(query.get("pageToken") or 0)
        more = {"nextPageToken": str(at + 2)} if at + 2 < len(own) else {}
        return {"models": own[at : at + 2], **more}

    def _upload(self, query: dict[str, str], body: Any) -> Any:
        asked = json_format.ParseDict({**body, "parent": PARENT}, api.UploadModelRequest.pb()())
        name = asked.parent_model or f"{PARENT}/models/{asked.model_id}"
        known = any(one["name"].startswith(f"{name}@") for one in self.versions)
        if bool(asked.parent_model) is bool(asked.model_id):
            raise Refused(400, "either a parent or an id")
        if known is not bool(asked.parent_model):
            raise Refused(409 if known else 404, f"{name} is there" if known else f"no {name}")
        self._held(asked.model)
        operation = f"{name}/operations/{len(self.operations) + 1}"
        self.stopping()
        self.operations[operation] = [self.polls, name, body["model"], False]
        return self._operation(operation) if self.polls == 0 else {"name": operation}

    def _held(self, model: Any) -> None:
        below = model.artifact_uri.removeprefix(f"{ARTIFACTS}/")
        if self.artifacts.get(f"{below}/saved_model.pb") is None:
            raise Refused(400, f"nothing to serve in {model.artifact_uri}")
        if not model.display_name or not model.container_spec.image_uri:
            raise Refused(400, "no name, or no image")
        if not all(map(_LABEL.fullmatch, [*model.labels, *model.labels.values()])):
            raise Refused(400, f"no labels: {model.labels}")

    def _look(self, query: dict[str, str], body: Any, name: str) -> Any:
        if name not in self.operations:
            raise Refused(404, f"no {name}")
        self.operations[name][0] -= 1
        return self._operation(name)

    def _under_way(self, query: dict[str, str], body: Any, model: str) -> Any:
        own = [name for name in self.operations if name.startswith(f"{PARENT}/models/{model}/")]
        if not own:
            raise Refused(404, f"no model {model}")
        return {"operations": [{**self._operation(name), "metadata": {"@type": _METADATA}} for name in own]}

    def _operation(self, name: str) -> Any:
        left, model, content, made = self.operations[name]
        if left > 0:
            return {"name": name}
        if self.failure:
            code, message = self.failure
            return {"name": name, "done": True, "error": {"code": code, "message": message}}
        if not made:
            self.operations[name][3] = made = self.add(model, content)
        return {"name": name, "done": True, "response": {"@type": _MADE, "model": model, "modelVersionId": made}}

    def add(self, model: str, content: dict[str, Any]) -> str:
        """Makes a version; the first one is what the model's name alone stands for."""
        number = str(1 + len(self.versions))
        aliases = [] if self._of(model.rsplit("/", 1)[-1], missing=True) else ["default"]
        said = {"name": f"{model}@{number}", "versionId": number, "versionAliases": aliases}
        self.versions.append({"labels": {}, **content, **said})
        return number

    def _label(self, query: dict[str, str], body: Any, model: str, number: str) -> Any:
        json_format.ParseDict(body, api.Model.pb()())
        if query["updateMask"] != "labels" or not all(map(_LABEL.fullmatch, body["labels"].values())):
            raise Refused(400, f"no labels: {body}")
        one = self._one(model, number)
        one["labels"] = body["labels"]
        return one

    def _alias(self, query: dict[str, str], body: Any, model: str, number: str) -> Any:
        one, changes = self._one(model, number), body["versionAliases"]
        if not changes or not all(map(_ALIAS.fullmatch, changes)) or "-default" in changes:
            raise Refused(400, f"no aliases: {changes}")
        for alias in (change for change in changes if not change.startswith("-")):
            for other in self._of(model):
                other["versionAliases"] = [held for held in other["versionAliases"] if held != alias]
            one["versionAliases"].append(alias)
        one["versionAliases"] = [held for held in one["versionAliases"] if f"-{held}" not in changes]
        return one

    def _of(self, model: str, *, missing: bool = False) -> list[dict[str, Any]]:
        found = [one for one in self.versions if one["name"].startswith(f"{PARENT}/models/{model}@")]
        if not found and not missing:
            raise Refused(404, f"no model {model}")
        return found

    def _one(self, model: str, number: str) -> dict[str, Any]:
        for one in self._of(model):
            if one["versionId"] == number:
                return one
        raise Refused(404, f"no version {number}")


_MODEL = rf"/v1/{PARENT}/models/([a-z0-9_-]+)"
_ROUTES: dict[tuple[str, str], Callable[..., Any]] = {
    ("GET", f"{_MODEL}:listVersions"): ModelServer._list,
    ("POST", f"/v1/{PARENT}/models:upload"): ModelServer._upload,
    ("GET", rf"/v1/({PARENT}/models/[a-z0-9_-]+/operations/[0-9]+)"): ModelServer._look,
    ("GET", f"{_MODEL}/operations"): ModelServer._under_way,
    ("PATCH", f"{_MODEL}@([0-9]+)"): ModelServer._label,
    ("POST", f"{_MODEL}@([0-9]+):mergeVersionAliases"): ModelServer._alias,
}
