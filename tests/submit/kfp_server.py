"""Kubeflow Pipelines' API, version 2beta1, on loopback: it holds what is posted to KFP's protos, and runs it.

A run is carried out by the local engine in a process of its own, or stands as the test says. What a task makes is put
where KFP's launcher puts it: below the pipeline root, by pipeline, run, task and a random name.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

_STATES = {"waiting": "PENDING", "reused": "SUCCEEDED", "not_run": "SKIPPED", "cancelled": "CANCELED"}
_TYPES = {"STRING": str, "NUMBER_INTEGER": int}


class Refused(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Fault:
    """Something that goes wrong once: a status, or the connection cut.

    Attributes:
        carried_out: The request is carried out before.
        late: It is carried out when the next one of its kind comes.
    """

    method: str
    path: str
    status: int = 0
    carried_out: bool = False
    late: bool = False
    body: str = '{"code": 13, "message": "as the test wishes"}'
    delay: threading.Event | None = None


@dataclass
class KfpServer:
    """What the server holds.

    Attributes:
        scratch: Where runs are carried out.
        carries_out: Runs are carried out; else they stand as `stand` says.
    """

    scratch: Path
    carries_out: bool = False
    multi_user: bool = False
    token: str = ""
    address: str = ""
    experiments: dict[str, dict[str, Any]] = field(default_factory=dict)
    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    specs: dict[str, list[Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    late: list[Callable[[], object]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    stand: Callable[[dict[str, Any]], None] = lambda run: None
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def posts(self) -> list[str]:
        """The paths of what was posted."""
        return [path.removeprefix("/apis/v2beta1/") for method, path in self.requests if method == "POST"]

    def answer(self, method: str, path: str, query: dict[str, str], content: Any) -> dict[str, Any]:
        for pattern, handler in _ROUTES[method].items():
            if match := re.fullmatch(f"/apis/v2beta1/{pattern}", path):
                return handler(self, query, content, *match.groups())
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
        return {"runs": _filtered(own, query)}

    def create_run(self, query: dict[str, str], content: Any) -> dict[str, Any]:
        reference, config = content["pipeline_version_reference"], content["runtime_config"]
        version = self.versions.get(reference["pipeline_version_id"])
        if version is None or version["pipeline_id"] != reference["pipeline_id"]:
            raise Refused(404, "no such version")
        if content["experiment_id"] not in self.experiments:
            raise Refused(404, "no such experiment")
        documents = self.specs[reference["pipeline_version_id"]]
        _hold_to(documents[0]["root"]["inputDefinitions"]["parameters"], config["parameters"])
        run = _kept(self.runs, "run_id", **content, state="PENDING", run_details={"task_details": []})
        if self.carries_out:
            self._start(run, documents[0])
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

    def _start(self, run: dict[str, Any], spec: Any) -> None:
        folder = self.scratch / run["run_id"]
        folder.mkdir(parents=True)
        ir = folder / "ir.yaml"
        ir.write_text(yaml.safe_dump(spec))
        words = [str(ir), str(folder / "runs"), "tests/engines/toys", json.dumps(run["runtime_config"]["parameters"])]
        self.processes[run["run_id"]] = subprocess.Popen([sys.executable, "-m", "tests.engines.drive", *words])

    def _look(self, run: dict[str, Any]) -> None:
        folder = self.scratch / run["run_id"] / "runs"
        record = next(folder.glob("*/run.json"), None)
        if record is None:
            return
        found = json.loads(record.read_bytes())
        run["run_details"]["task_details"] = [_detail(name, task) for name, task in found["tasks"].items()]
        if found["state"] == "succeeded" and run["state"] != "SUCCEEDED":
            self._launch(run, folder, found)
        run["state"] = _STATES.get(found["state"], found["state"].upper())

    def _launch(self, run: dict[str, Any], folder: Path, record: Any) -> None:
        """What KFP's launcher does with artifacts."""
        root = Path(run["runtime_config"]["pipeline_root"].removeprefix("file://"))
        for task, made in record["tasks"].items():
            for name, output in made["outputs"].items():
                place = root / record["pipeline"] / run["run_id"] / task / str(uuid.uuid4()) / name
                shutil.copytree(folder / output["path"], place)


def _detail(name: str, task: Any) -> dict[str, Any]:
    state = _STATES.get(task["state"], task["state"].upper())
    error = {"code": 13, "message": task["error"]["message"]} if task["error"] else None
    return {"task_id": name, "display_name": name, "state": state, "error": error}


def _kept(table: dict[str, dict[str, Any]], key: str, **content: Any) -> dict[str, Any]:
    id = str(uuid.uuid4())
    table[id] = {key: id, **content}
    return table[id]


def _filtered(table: dict[str, dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
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
    json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
    json_format.ParseDict(documents[0]["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
    for other in documents[1:]:
        json_format.ParseDict(other, pipeline_spec_pb2.PlatformSpec())
    return documents


def _hold_to(declared: dict[str, Any], given: dict[str, Any]) -> None:
    if len(json.dumps(given).encode()) > 10_000:
        raise Refused(400, "more than 10,000 bytes of parameters")
    for name, value in given.items():
        if name not in declared or type(value) is not _TYPES[declared[name]["parameterType"]]:
            raise Refused(400, f"parameter {name} is not one: {value!r}")
    if missing := [name for name, one in declared.items() if not one.get("isOptional") and name not in given]:
        raise Refused(400, f"missing: {missing}")


_ROUTES: dict[str, dict[str, Any]] = {
    "GET": {
        "healthz": KfpServer.healthz,
        "experiments": KfpServer.list_experiments,
        "pipelines": KfpServer.list_pipelines,
        "pipelines/([^/]+)/versions": KfpServer.list_versions,
        "runs": KfpServer.list_runs,
        "runs/([^/]+)": KfpServer.get_run,
    },
    "POST": {
        "experiments": KfpServer.create_experiment,
        "pipelines/upload": KfpServer.upload_pipeline,
        "pipelines/upload_version": KfpServer.upload_version,
        "runs": KfpServer.create_run,
    },
}


class _Handler(BaseHTTPRequestHandler):
    held: KfpServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET", None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        json_sent = kind.startswith("application/json")
        self._serve("POST", json.loads(body) if json_sent else f"Content-Type: {kind}\r\n\r\n".encode() + body)

    def _serve(self, method: str, content: Any) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.held.requests.append((method, parts.path))
        while self.held.late and method == "POST":
            self.held.late.pop()()
        fault = self._fault(method, parts.path)
        status, answer = self._carried_out(method, parts.path, query, content) if _runs(fault) else (0, {})
        if fault and fault.late:
            self.held.late.append(lambda: self._carried_out(method, parts.path, query, content))
        if fault is None:
            self._send(status, json.dumps(answer))
        elif fault.status:
            self._send(fault.status, fault.body)
        else:
            if fault.delay:
                fault.delay.wait(30)
            self.close_connection = True
            self.connection.shutdown(2)

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.held.faults:
            if fault.method == method and path == f"/apis/v2beta1/{fault.path}":
                self.held.faults.remove(fault)
                return fault
        return None

    def _carried_out(self, method: str, path: str, query: dict[str, str], content: Any) -> tuple[int, Any]:
        try:
            if self.held.token and self.headers.get("authorization") != f"Bearer {self.held.token}":
                raise Refused(401, "who are you?")
            return 200, self.held.answer(method, path, query, content)
        except Refused as error:
            return error.status, {"code": error.status, "message": str(error)}
        except (KeyError, json_format.ParseError, yaml.YAMLError) as error:
            return 400, {"code": 3, "message": f"{type(error).__name__}: {error}"}

    def _send(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _runs(fault: Fault | None) -> bool:
    return fault is None or fault.carried_out


@contextmanager
def serving(held: KfpServer) -> Iterator[KfpServer]:
    """Serves until the block ends, and ends what runs then."""
    handler = type("Handler", (_Handler,), {"held": held})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    held.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield held
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for process in held.processes.values():
            process.terminate()
            process.wait()
