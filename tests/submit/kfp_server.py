"""Kubeflow Pipelines' API, version 2beta1, on loopback: it holds what is posted to KFP's protos, and runs it.

A run is carried out by the local engine, or stands as the test says. What a task makes is put where KFP's launcher puts
it: below the pipeline root, by pipeline, run, task and a random name.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.submit.loopback import Held, Refused, hold_to

_STATES = {"waiting": "PENDING", "reused": "SUCCEEDED", "not_run": "SKIPPED", "cancelled": "CANCELED"}


@dataclass
class KfpServer(Held):
    """A server with nothing on it."""

    multi_user: bool = False
    experiments: dict[str, dict[str, Any]] = field(default_factory=dict)
    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    specs: dict[str, list[Any]] = field(default_factory=dict)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    prefix = "/apis/v2beta1/"

    def answer(self, method: str, path: str, query: dict[str, str], content: Any) -> dict[str, Any]:
        for pattern, handler in _ROUTES[method].items():
            if match := re.fullmatch(pattern, path):
                found: dict[str, Any] = handler(self, query, content, *match.groups())
                return found
        raise Refused(404, f"no route {method} {path}")

    def healthz(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        return {"multi_user": self.multi_user}

    def list_experiments(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        return {"experiments": _filtered(self.experiments, query)}

    def create_experiment(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        if self.multi_user and not content.get("namespace"):
            raise Refused(400, "a namespace is needed")
        return _kept(self.experiments, "experiment_id", display_name=content["display_name"])

    def list_pipelines(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        return {"pipelines": _filtered(self.pipelines, query)}

    def upload_pipeline(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        pipeline = _kept(self.pipelines, "pipeline_id", display_name=query["name"])
        self._keep_version(query["name"], pipeline["pipeline_id"], content)
        return pipeline

    def upload_version(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        if query["pipelineid"] not in self.pipelines:
            raise Refused(404, "no such pipeline")
        return self._keep_version(query["name"], query["pipelineid"], content)

    def _keep_version(self, name: str, pipeline: str, content: bytes) -> dict[str, Any]:
        same = [one for one in self.versions.values() if (one["pipeline_id"], one["display_name"]) == (pipeline, name)]
        if same:
            raise Refused(409, f"The name {name} already exists")
        documents = _spec(content)
        version = _kept(self.versions, "pipeline_version_id", display_name=name, pipeline_id=pipeline)
        self.specs[version["pipeline_version_id"]] = documents
        return version

    def list_versions(self, query: dict[str, str], content: Any, pipeline: str) -> dict[str, Any]:
        own = {key: one for key, one in self.versions.items() if one["pipeline_id"] == pipeline}
        return {"pipeline_versions": _filtered(own, query)}

    def list_runs(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        own = {key: run for key, run in self.runs.items() if run["experiment_id"] == query["experiment_id"]}
        found = _filtered(own, query)
        newest = query["sort_by"] == "created_at desc"
        return {"runs": (found[::-1] if newest else found)[: int(query["page_size"])]}

    def terminate(self, query: dict[str, str], content: Any, id: str) -> dict[str, Any]:
        if id not in self.runs:
            raise Refused(404, "no such run")
        self.runs[id]["state"] = "CANCELED"
        return {}

    def create_schedule(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        cron = content["trigger"]["cron_schedule"]["cron"]
        if len(cron.split()) != 6 or content["max_concurrency"] != 1 or not content["no_catchup"]:
            raise Refused(400, f"no schedule: {content}")
        self._spec_of(content)
        return _kept(self.schedules, "recurring_run_id", **content, status="ENABLED")

    def list_schedules(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        """Two at a time, whatever is asked for."""
        own = [one for one in self.schedules.values() if one["experiment_id"] == query["experiment_id"]]
        at = int(query.get("page_token") or 0)
        more = {"next_page_token": str(at + 2)} if at + 2 < len(own) else {}
        return {"recurringRuns": own[at : at + 2], **more}

    def change_schedule(self, query: dict[str, str], content: Any, id: str, verb: str) -> dict[str, Any]:
        if id not in self.schedules:
            raise Refused(404, "no such schedule")
        self.schedules[id]["status"] = f"{verb.upper()}D"
        return {}

    def delete_schedule(self, query: dict[str, str], content: Any, id: str) -> dict[str, Any]:
        if self.schedules.pop(id, None) is None:
            raise Refused(404, "no such schedule")
        return {}

    def tick(self) -> list[dict[str, Any]]:
        """The time of every schedule has come."""
        keys = ("experiment_id", "pipeline_version_reference", "runtime_config", "service_account", "display_name")
        enabled = [one for one in self.schedules.values() if one["status"] == "ENABLED"]
        return [self.create_run({}, {key: one.get(key) for key in keys}) for one in enabled]

    def _spec_of(self, content: Any) -> Any:
        """The spec that a run or a schedule is of, once what it is given is held to it."""
        reference, config = content["pipeline_version_reference"], content["runtime_config"]
        version = self.versions.get(reference["pipeline_version_id"])
        if version is None or version["pipeline_id"] != reference["pipeline_id"]:
            raise Refused(404, "no such version")
        if content["experiment_id"] not in self.experiments:
            raise Refused(404, "no such experiment")
        documents = self.specs[reference["pipeline_version_id"]]
        hold_to(documents[0]["root"]["inputDefinitions"]["parameters"], config["parameters"])
        return documents[0]

    def create_run(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        spec, created = self._spec_of(content), f"2026-07-01T08:30:{len(self.runs):02}Z"
        details = {"task_details": []}
        run = _kept(self.runs, "run_id", **content, state="PENDING", created_at=created, run_details=details)
        if self.carries_out:
            self.cluster.start(run["run_id"], spec, content["runtime_config"]["parameters"])
        return run

    def get_run(self, query: dict[str, str], content: Any, id: str) -> dict[str, Any]:
        if id not in self.runs:
            raise Refused(404, "no such run")
        run = self.runs[id]
        if self.carries_out:
            self._look(run)
        else:
            self.stand(run)
        return run

    def _look(self, run: dict[str, Any]) -> None:
        record = self.cluster.record(run["run_id"])
        if record is None:
            return
        run["run_details"]["task_details"] = [_detail(name, task) for name, task in record["tasks"].items()]
        if record["state"] == "succeeded" and run["state"] != "SUCCEEDED":
            root = Path(run["runtime_config"]["pipeline_root"].removeprefix("file://"))
            self.cluster.launch(run["run_id"], root / record["pipeline"] / run["run_id"])
        run["state"] = _STATES.get(record["state"], record["state"].upper())


def _detail(name: str, task: Any) -> dict[str, Any]:
    state = _STATES.get(task["state"], task["state"].upper())
    error = {"code": 13, "message": task["error"]["message"]} if task["error"] else None
    return {"task_id": name, "display_name": name, "state": state, "error": error}


def _kept(table: dict[str, dict[str, Any]], key: str, **content: Any) -> dict[str, Any]:
    id = str(uuid.uuid4())
    table[id] = {key: id, **content}
    return table[id]


def _filtered(table: dict[str, dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    if not query.get("filter"):
        return list(table.values())
    (predicate,) = json.loads(query["filter"])["predicates"]
    if set(predicate) != {"operation", "key", "stringValue"} or predicate["operation"] not in ("EQUALS", 1):
        raise Refused(400, "this server knows EQUALS of a text")
    return [one for one in table.values() if one[predicate["key"]] == predicate["stringValue"]]


def _spec(content: bytes) -> list[Any]:
    """A multipart upload's file, held to KFP's protos."""
    part = next(one for one in message_from_bytes(content).walk() if not one.is_multipart())
    if part.get_param("name", header="content-disposition") != "uploadfile":
        raise Refused(400, "no uploadfile")
    documents = list(yaml.safe_load_all(part.get_payload(decode=True)))
    try:
        json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
        json_format.ParseDict(documents[0]["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
        for other in documents[1:]:
            json_format.ParseDict(other, pipeline_spec_pb2.PlatformSpec())
    except json_format.ParseError as error:
        raise Refused(400, str(error)) from error
    return documents


_ROUTES: dict[str, dict[str, Any]] = {
    "GET": {
        "healthz": KfpServer.healthz,
        "experiments": KfpServer.list_experiments,
        "pipelines": KfpServer.list_pipelines,
        "pipelines/([^/]+)/versions": KfpServer.list_versions,
        "runs": KfpServer.list_runs,
        "runs/([^/]+)": KfpServer.get_run,
        "recurringruns": KfpServer.list_schedules,
    },
    "POST": {
        "experiments": KfpServer.create_experiment,
        "pipelines/upload": KfpServer.upload_pipeline,
        "pipelines/upload_version": KfpServer.upload_version,
        "runs": KfpServer.create_run,
        "runs/([^/:]+):terminate": KfpServer.terminate,
        "recurringruns": KfpServer.create_schedule,
        "recurringruns/([^/:]+):(enable|disable)": KfpServer.change_schedule,
    },
    "DELETE": {"recurringruns/([^/]+)": KfpServer.delete_schedule},
}
