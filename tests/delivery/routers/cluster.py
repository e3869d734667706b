"""A Kubernetes API with one InferenceService, as far as a rollout sees it: KServe and Knative behind it.

An object has a resource version, and who replaces another one than the present is refused. What KServe does of a spec
it does in steps, one for each `reconcile`: a revision is made, it becomes ready, traffic moves.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any

from tests.delivery.routers.loopback import serving

_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
_SERVICE = r"/apis/serving\.kserve\.io/v1beta1/namespaces/models/inferenceservices/census"
_REVISION = r"/apis/serving\.knative\.dev/v1/namespaces/models/revisions/([a-z0-9-]+)"


class Cluster:
    """One InferenceService.

    Args:
        uri: What it runs at first.
    """

    def __init__(self, uri: str) -> None:
        self.revisions: dict[str, str] = {}
        self.version, self.fails, self.replaced = 1, 0, 0
        self.spec: dict[str, Any] = {"predictor": {"model": {"modelFormat": {"name": "x"}, "storageUri": uri}}}
        self.status: dict[str, Any] = {}
        for _ in range(3):
            self.reconcile()

    def reconcile(self) -> None:
        """One step of KServe and Knative towards what the spec says."""
        uri, canary = self.spec["predictor"]["model"]["storageUri"], self.spec["predictor"].get("canaryTrafficPercent")
        status = self.status
        created = status.get("latestCreatedRevision", "")
        if self.revisions.get(created) != uri:
            name = f"census-predictor-{len(self.revisions) + 1:05}"
            self.revisions[name], status["latestCreatedRevision"] = uri, name
        elif status.get("latestReadyRevision") != created:
            status["latestReadyRevision"] = created
        self._route(100 if canary is None else canary)
        self.version += 1

    def _route(self, share: int) -> None:
        """The latest revision that is ready has the canary's share, the one that had all before has the rest."""
        status = self.status
        ready, rolled = status.get("latestReadyRevision"), status.get("latestRolledoutRevision")
        if ready is None:
            return
        traffic = [{"revisionName": ready, "latestRevision": True, "percent": share}]
        if share < 100:
            traffic.append({"revisionName": rolled, "tag": "prev", "percent": 100 - share})
        status["traffic"] = traffic
        if share == 100 and rolled != ready:
            status["previousRolledoutRevision"], status["latestRolledoutRevision"] = rolled, ready
        alone = ready == rolled and share < 100 and ready == status["latestCreatedRevision"]
        if alone and status.get("previousRolledoutRevision"):
            status["latestRolledoutRevision"] = status["previousRolledoutRevision"]

    def service(self) -> dict[str, Any]:
        metadata = {"name": "census", "namespace": "models", "resourceVersion": str(self.version)}
        status = {"components": {"predictor": self.status}}
        return deepcopy({"metadata": metadata, "spec": self.spec, "status": status})

    def answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        if self.fails:
            return self.fails, {"message": "as the test wishes"}
        if found := re.fullmatch(_REVISION, path):
            uri = self.revisions[found[1]]
            return 200, {"metadata": {"name": found[1], "annotations": {_SOURCE: uri}}}
        if not re.fullmatch(_SERVICE, path):
            return 404, {"message": f"no {path}"}
        if method == "PUT":
            if body["metadata"]["resourceVersion"] != str(self.version):
                return 409, {"message": "the object has been modified"}
            self.spec, self.version, self.replaced = body["spec"], self.version + 1, self.replaced + 1
        return 200, self.service()

    def serving(self) -> AbstractContextManager[str]:
        """Serves on loopback; its address."""
        return serving(lambda *words: self.answer(*words))  # a test may put another in its place
