"""Vertex AI's API for pipeline jobs on loopback: it holds what is posted to the protos, and runs it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
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
_EMPTY = "type.googleapis.com/google.protobuf.Empty"
_TASKS = {"waiting": "PENDING", "reused": "SKIPPED", "not_run": "NOT_TRIGGERED"}


@dataclass
class VertexServer(Held):
    """A project without jobs."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    prefix = f"/v1/{PARENT}/"

    def admit(self, authorization: str) -> None:
        kind, _, token = authorization.partition(" ")
        if kind != "Bearer" or jwt.decode(token, verify=False)["iss"] != ACCOUNT:
            raise Refused(401, "who are you?")

    def answer(self, method: str, path: str, query: dict[str, str], content: Any) -> dict[str, Any]:
        for pattern, handler in _ROUTES[method].items():
            if match := re.fullmatch(pattern, path):
                found: dict[str, Any] = handler(self, query, content, *match.groups())
                return found
        raise Refused(404, f"no route {method} {path}")

    def get(self, query: dict[str, str], content: Any, id: str) -> dict[str, Any]:
        job = self._job(id)
        if self.carries_out:
            self._look(id, job)
        else:
            self.stand(job)
        return job

    def listed(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        label = re.fullmatch(r'labels\.([a-z-]+)="([^"]+)"', query["filter"])
        if not label or query["orderBy"] != "create_time desc":
            raise Refused(400, f"another filter: {query}")
        own = [job for job in self.runs.values() if job["labels"].get(label[1]) == label[2]]
        return {"pipelineJobs": own[::-1][: int(query["pageSize"])]}

    def cancel(self, query: dict[str, str], content: Any, id: str) -> dict[str, Any]:
        self._job(id)["state"] = "PIPELINE_STATE_CANCELLED"
        return {}

    def _job(self, id: str) -> dict[str, Any]:
        if id not in self.runs:
            raise Refused(404, f"no job {id}")
        return self.runs[id]

    def create(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        return self._create(query["pipelineJobId"], content)

    def create_schedule(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        zone, *fields = content["cron"].split(" ")
        if not zone.startswith("TZ=") or len(fields) != 5 or content["maxConcurrentRunCount"] != "1":
            raise Refused(400, f"no schedule: {content}")
        self._held(content["createPipelineJobRequest"]["pipelineJob"])
        id = str(1000 + len(self.schedules))
        self.schedules[id] = {**content, "name": f"{PARENT}/schedules/{id}", "state": "ACTIVE"}
        return self.schedules[id]

    def list_schedules(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        """Two at a time, whatever is asked for."""
        own, at = list(self.schedules.values()), int(query.get("pageToken") or 0)
        more = {"nextPageToken": str(at + 2)} if at + 2 < len(own) else {}
        return {"schedules": own[at : at + 2], **more}

    def change_schedule(self, query: dict[str, str], content: Any, id: str, verb: str) -> dict[str, Any]:
        if id not in self.schedules:
            raise Refused(404, f"no schedule {id}")
        self.schedules[id]["state"] = {"pause": "PAUSED", "resume": "ACTIVE"}[verb]
        return {}

    def delete_schedule(self, query: dict[str, str], content: Any, id: str) -> dict[str, Any]:
        if self.schedules.pop(id, None) is None:
            raise Refused(404, f"no schedule {id}")
        return {"name": f"{PARENT}/operations/1", "done": True, "response": {"@type": _EMPTY}}

    def tick(self) -> list[str]:
        """The time of every schedule has come."""
        active = [one for one in self.schedules.values() if one["state"] == "ACTIVE"]
        jobs = [one["createPipelineJobRequest"]["pipelineJob"] for one in active]
        return [self._create(f"scheduled-{at}", job)["name"].rsplit("/", 1)[-1] for at, job in enumerate(jobs)]

    def _create(self, id: str, job: dict[str, Any]) -> dict[str, Any]:
        if not re.fullmatch("[a-z][-a-z0-9]{0,127}", id):
            raise Refused(400, f"no id: {id}")
        if id in self.runs:
            raise Refused(409, f"{id} exists")
        spec, config = self._held(job)
        created = f"2026-07-01T08:30:{len(self.runs):02}Z"
        said = {"name": f"{PARENT}/pipelineJobs/{id}", "state": "PIPELINE_STATE_PENDING", "createTime": created}
        self.runs[id] = {**job, **said}
        if self.carries_out:
            self.cluster.start(id, spec, config["parameterValues"])
        return self.runs[id]

    def _held(self, job: dict[str, Any]) -> tuple[Any, Any]:
        """A job's spec and config, held to the protos and to one another."""
        spec, config = job["pipelineSpec"], job["runtimeConfig"]
        try:
            json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
            json_format.ParseDict(spec["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
        except json_format.ParseError as error:
            raise Refused(400, str(error)) from error
        if not config["gcsOutputDirectory"].startswith("gs://"):
            raise Refused(400, "no bucket")
        hold_to(spec["root"]["inputDefinitions"]["parameters"], config["parameterValues"])
        return spec, config

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


_ROUTES: dict[str, dict[str, Any]] = {
    "GET": {
        "pipelineJobs": VertexServer.listed,
        "pipelineJobs/([^/]+)": VertexServer.get,
        "schedules": VertexServer.list_schedules,
    },
    "POST": {
        "pipelineJobs": VertexServer.create,
        "pipelineJobs/([^/:]+):cancel": VertexServer.cancel,
        "schedules": VertexServer.create_schedule,
        "schedules/([^/:]+):(pause|resume)": VertexServer.change_schedule,
    },
    "DELETE": {"schedules/([^/]+)": VertexServer.delete_schedule},
}
