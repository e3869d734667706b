"""Vertex AI's API for pipeline jobs on loopback: it holds what is posted to the protos, and runs it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.submit.loopback import Held, Refused, hold_to

PARENT = "projects/acme/locations/europe-west4"
# Of Google's own universe, its library would ask a server in the internet where the account may be used.
UNIVERSE = "tests.example.org"
ACCOUNT = "tester@acme.iam.gserviceaccount.com"
_TASKS = {"waiting": "PENDING", "reused": "SKIPPED", "not_run": "NOT_TRIGGERED"}


@dataclass
class VertexServer(Held):
    """A project without jobs."""

    prefix = f"/v1/{PARENT}/pipelineJobs"

    def admit(self, authorization: str) -> None:
        kind, _, token = authorization.partition(" ")
        if kind != "Bearer" or jwt.decode(token, verify=False)["iss"] != ACCOUNT:
            raise Refused(401, "who are you?")

    def answer(self, method: str, path: str, query: dict[str, str], content: Any) -> dict[str, Any]:
        if method == "POST" and not path:
            return self._create(query["pipelineJobId"], content)
        if path.removeprefix("/") not in self.runs:
            raise Refused(404, f"no job {path}")
        job = self.runs[path.removeprefix("/")]
        if self.carries_out:
            self._look(path.removeprefix("/"), job)
        else:
            self.stand(job)
        return job

    def _create(self, id: str, job: dict[str, Any]) -> dict[str, Any]:
        if not re.fullmatch("[a-z][-a-z0-9]{0,127}", id):
            raise Refused(400, f"no id: {id}")
        if id in self.runs:
            raise Refused(409, f"{id} exists")
        spec, config = job["pipelineSpec"], job["runtimeConfig"]
        try:
            json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
            json_format.ParseDict(spec["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
        except json_format.ParseError as error:
            raise Refused(400, str(error)) from error
        if not config["gcsOutputDirectory"].startswith("gs://"):
            raise Refused(400, "no bucket")
        hold_to(spec["root"]["inputDefinitions"]["parameters"], config["parameterValues"])
        self.runs[id] = {**job, "name": f"{PARENT}/pipelineJobs/{id}", "state": "PIPELINE_STATE_PENDING"}
        if self.carries_out:
            self.cluster.start(id, spec, config["parameterValues"])
        return self.runs[id]

    def _look(self, id: str, job: dict[str, Any]) -> None:
        record = self.cluster.record(id)
        if record is None:
            return
        place = self.cluster.scratch / id / "launched"
        if record["state"] == "succeeded" and job["state"] != "PIPELINE_STATE_SUCCEEDED":
            self.cluster.launch(id, place)
        details = [_detail(name, task, place) for name, task in record["tasks"].items()]
        job["jobDetail"] = {"taskDetails": details}
        job["state"] = f"PIPELINE_STATE_{record['state'].upper()}"


def _detail(name: str, task: Any, place: Path) -> dict[str, Any]:
    found = {output: next(iter(place.glob(f"{name}/*/{output}")), None) for output in task["outputs"]}
    outputs = {output: {"artifacts": [{"uri": str(path)}]} for output, path in found.items() if path}
    error = {"error": {"code": 13, "message": task["error"]["message"]}} if task["error"] else {}
    state = _TASKS.get(task["state"], task["state"].upper())
    return {"taskName": name, "state": state, "outputs": outputs, **error}


def write_key(path: Path) -> Path:
    """A key of a service account, as Google's tools download it, made for the test."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, how = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, form, how).decode()
    said = {"type": "service_account", "project_id": "acme", "private_key_id": "1", "client_email": ACCOUNT}
    path.write_text(
        json.dumps(
            {**said, "private_key": private, "universe_domain": UNIVERSE, "token_uri": "http://127.0.0.1:9/token"}
        )
    )
    return path
