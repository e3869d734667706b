"""What Kubeflow Pipelines holds before it runs: experiments, pipelines and their versions, each made once."""

from __future__ import annotations

from collections.abc import Callable

from benison.core import digests
from benison.submit.calls import once
from benison.submit.kubeflow_connection import Connection, id_of, named
from benison.submit.runs import Request


def experiment_of(server: Connection, name: str) -> str:
    """The id of the experiment of a name, which is made unless it is there.

    Raises:
        BenisonError: The server does not answer, or does not take it.
    """

    def made() -> str:
        return id_of(server.api.create_experiment(name, namespace=server.namespace).experiment_id)

    # kfp's client looks for the name itself before it makes one.
    return server.looked("an experiment", made)


def version_of(server: Connection, request: Request) -> tuple[str, str]:
    """The ids of a pipeline and of its version, which is named by the digest of its IR; uploaded unless they are there.

    Raises:
        BenisonError: The server does not answer, or does not take it.
    """
    pipeline, name = _pipeline(server, request), digests.as_folder_name(request.digest)

    def found() -> str | None:
        listed = server.api.list_pipeline_versions(pipeline, filter=named(name)).pipeline_versions
        return str(listed[0].pipeline_version_id) if listed else None

    def made() -> str:
        uploaded = server.api.upload_pipeline_version(str(request.ir), name, pipeline_id=pipeline)
        return id_of(uploaded.pipeline_version_id)

    return pipeline, _there(server, "the pipeline's version", found, made)


def _pipeline(server: Connection, request: Request) -> str:
    def found() -> str | None:
        listed = server.api.list_pipelines(filter=named(request.pipeline), namespace=server.namespace).pipelines
        return str(listed[0].pipeline_id) if listed else None

    def made() -> str:
        uploaded = server.api.upload_pipeline(str(request.ir), request.pipeline, namespace=server.namespace)
        return id_of(uploaded.pipeline_id)

    return _there(server, "the pipeline", found, made)


def _there(server: Connection, what: str, found: Callable[[], str | None], made: Callable[[], str]) -> str:
    """The id of something that is made unless it is there."""
    known = server.looked(what, found)
    return known or once(lambda: server.asked(what, found), lambda: server.asked(what, made), server.pause)[0]
