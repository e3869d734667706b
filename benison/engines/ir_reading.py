"""Reading IR YAML strictly: an unknown key or a construct outside of the subset is a `ConfigError` with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from benison.core.errors import ConfigError
from benison.core.sections import Section, lines_of
from benison.core.spelling import nearest
from benison.engines.ir import (
    KINDS,
    ArtifactType,
    Component,
    Constant,
    Parameter,
    Pipeline,
    PipelineParameter,
    Source,
    Task,
    TaskOutput,
    fits,
    typed,
)

# libyaml reads a pipeline in 3 ms, PyYAML's own parser in 30.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Names become names of folders.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,127}")
_SUBSET = "a straight line of lightweight Python components"
_OUTSIDE = {
    "triggerPolicy": "a condition or an exit handler",
    "parameterIterator": "a loop",
    "artifactIterator": "a loop",
    "iteratorPolicy": "a loop",
    "dag": "a pipeline within a pipeline",
    "importer": "an importer",
    "resolver": "a resolver",
    "customJob": "a custom job",
    "parameterExpressionSelector": "an expression over a parameter",
    "taskFinalStatus": "the final status of another task",
    "valueFromOneof": "one of several outputs",
    "componentInputArtifact": "an artifact as input of the pipeline",
}


def read(path: Path) -> Pipeline:
    """Reads a compiled pipeline.

    Raises:
        ConfigError: It is missing, not IR, or outside of the subset; the message names line and key.
    """
    top = _load(path)
    for key in ("schemaVersion", "sdkVersion", "defaultPipelineRoot"):
        top.take(key, str, "")
    info = top.section("pipelineInfo")
    name = info.take("name", str)
    info.take("description", str, "")
    info.close()
    root = top.section("root")
    tasks, outputs = _dag(root.section("dag"), top)
    parameters = _inputs(root)[0]
    root.section("outputDefinitions", optional=True)
    for section in (root, top):
        section.close()
    pipeline = Pipeline(name, parameters, _in_order(tasks, root), outputs)
    _connected(pipeline, root)
    return pipeline


def _load(path: Path) -> Section:
    try:
        documents = _documents(path.read_bytes())
    except OSError as error:
        raise ConfigError(str(path), expected="a compiled pipeline", got=error.strerror or str(error)) from error
    except yaml.YAMLError as error:
        raise ConfigError(str(path), expected="YAML", got=" ".join(str(error).split())) from error
    if len(documents) > 1:
        raise ConfigError(
            str(path),
            expected="one YAML document",
            got=f"{len(documents)} of them",
            hint="the others hold settings of one platform (kfp.kubernetes); leave them out",
        )
    if not documents or not isinstance(documents[0][1], dict):
        raise ConfigError(str(path), expected="a compiled pipeline", got="no mapping", hint="compile it with KFP")
    node, content = documents[0]
    return Section(path.name, content, lines_of(node))


def _documents(content: bytes) -> list[tuple[yaml.Node, Any]]:
    loader = _Loader(content)
    found = []
    while loader.check_node():
        node = loader.get_node()
        found.append((node, loader.construct_document(node)))
    return found


def _inside(section: Section) -> Section:
    """The same section, once it has been seen to hold nothing from outside of the subset."""
    for key in section.content:
        if key in _OUTSIDE:
            raise section.error(key, _SUBSET, _OUTSIDE[key], "write the pipeline without it")
    return section


def _named(section: Section) -> list[tuple[str, Section]]:
    """The mappings of a section by name; the names must do for folders."""
    for name in section.content:
        if not _NAME.fullmatch(str(name)):
            raise section.error(str(name), "a name of letters, digits, - and _", repr(name))
    return [(str(name), section.section(name)) for name in section.content]


def _dag(dag: Section, top: Section) -> tuple[dict[str, Task], dict[str, TaskOutput]]:
    components, deployment = top.section("components"), top.section("deploymentSpec")
    executors = deployment.section("executors")
    tasks = {name: _task(name, section, components, executors) for name, section in _named(dag.section("tasks"))}
    outputs = dag.section("outputs", optional=True)
    outputs.take("artifacts", dict, {})
    found = {name: _pipeline_output(section) for name, section in _named(outputs.section("parameters", optional=True))}
    for section in (outputs, dag, deployment):
        section.close()
    return tasks, found


def _pipeline_output(section: Section) -> TaskOutput:
    source = _inside(section).section("valueFromParameter")
    output = TaskOutput(source.take("producerSubtask", str), source.take("outputParameterKey", str))
    source.close()
    section.close()
    return output


def _task(name: str, section: Section, components: Section, executors: Section) -> Task:
    _inside(section).take("taskInfo", dict, {})
    caching = section.section("cachingOptions", optional=True)
    caching.take("cacheKey", str, "")
    reference = section.section("componentRef").take("name", str)
    if reference not in components.content:
        known = nearest(reference, components.content)
        raise section.error("componentRef", "a component of this file", repr(reference), known)
    inputs = section.section("inputs", optional=True)
    parameters = {key: _source(value) for key, value in _named(inputs.section("parameters", optional=True))}
    artifacts = {key: _artifact_source(value) for key, value in _named(inputs.section("artifacts", optional=True))}
    upstream = {source.task for source in (*parameters.values(), *artifacts.values()) if isinstance(source, TaskOutput)}
    after = frozenset(upstream.union(section.texts("dependentTasks", ())))
    component = _component(reference, components.section(reference), executors)
    cached, retries = caching.take("enableCache", bool, False), _retries(section)
    for part in (caching, inputs, section):
        part.close()
    return Task(name, component, parameters, artifacts, after, cached, retries)


def _retries(section: Section) -> int:
    """How often a task is tried again; the waits between are for clusters, where what was in the way may pass."""
    policy = section.section("retryPolicy", optional=True)
    policy.asked.update(("backoffDuration", "backoffFactor", "backoffMaxDuration"))
    # A server that keeps IR as a Struct gives whole numbers back as floats.
    count = policy.take("maxRetryCount", float, 0.0)
    if count < 0 or not count.is_integer():
        raise policy.error("maxRetryCount", "a whole number from 0", f"{count:g}")
    policy.close()
    return int(count)


def _source(section: Section) -> Source:
    if "componentInputParameter" in _inside(section).content:
        source: Source = PipelineParameter(section.take("componentInputParameter", str))
    elif "taskOutputParameter" in section.content:
        output = section.section("taskOutputParameter")
        source = TaskOutput(output.take("producerTask", str), output.take("outputParameterKey", str))
        output.close()
    else:
        value = section.section("runtimeValue").content.get("constant")
        if isinstance(value, str) and "{{$" in value:
            hint = "pass the parts on their own and put them together in the component"
            raise section.error("runtimeValue", _SUBSET, "a text put together from parameters", hint)
        source = Constant(value)
    section.close()
    return source


def _artifact_source(section: Section) -> TaskOutput:
    output = _inside(section).section("taskOutputArtifact")
    source = TaskOutput(output.take("producerTask", str), output.take("outputArtifactKey", str))
    output.close()
    section.close()
    return source


def _component(name: str, section: Section, executors: Section) -> Component:
    label = _inside(section).take("executorLabel", str)
    parameters, artifacts = _inputs(section)
    outputs = section.section("outputDefinitions", optional=True)
    parameter_outputs = {key: _kind(value) for key, value in _named(outputs.section("parameters", optional=True))}
    artifact_outputs = {key: _artifact(value)[0] for key, value in _named(outputs.section("artifacts", optional=True))}
    outputs.close()
    section.close()
    of_name = name, parameters, artifacts, parameter_outputs, artifact_outputs
    return _executor(executors.section(label), *of_name)


def _inputs(section: Section) -> tuple[dict[str, Parameter], dict[str, bool]]:
    inputs = section.section("inputDefinitions", optional=True)
    parameters = {key: _parameter(value) for key, value in _named(inputs.section("parameters", optional=True))}
    artifacts = {key: _artifact(value)[1] for key, value in _named(inputs.section("artifacts", optional=True))}
    inputs.close()
    return parameters, artifacts


def _kind(section: Section) -> str:
    section.take("description", str, "")
    kind = section.choice("parameterType", tuple(KINDS))
    section.close()
    return kind


def _parameter(section: Section) -> Parameter:
    section.asked.update(("isOptional", "defaultValue"))
    kind = _kind(section)
    default = typed(kind, section.content.get("defaultValue"))
    if default is not None and not fits(kind, default):
        raise section.error("defaultValue", KINDS[kind][1], repr(default))
    return Parameter(kind, bool(section.content.get("isOptional", False)), default)


def _artifact(section: Section) -> tuple[ArtifactType, bool]:
    section.take("description", str, "")
    if section.take("isArtifactList", bool, False):
        raise section.error("isArtifactList", _SUBSET, "a list of artifacts", "pass them one by one")
    optional = section.take("isOptional", bool, False)
    kind = section.section("artifactType")
    found = ArtifactType(kind.take("schemaTitle", str), kind.take("schemaVersion", str, "0.0.1"))
    section.close()
    return found, optional


def _executor(
    section: Section,
    name: str,
    parameters: Mapping[str, Parameter],
    artifacts: Mapping[str, bool],
    parameter_outputs: Mapping[str, str],
    artifact_outputs: Mapping[str, ArtifactType],
) -> Component:
    container = _inside(section).section("container")
    command, args = container.texts("command", ("",)), container.texts("args", ("",))
    image, resources = container.take("image", str), container.take("resources", dict, {})
    environment = {line.take("name", str): line.take("value", str) for line in container.sections("env")}
    _lightweight(container, command, args)
    container.close()
    section.close()
    return Component(
        name,
        program=command[-1],
        function=args[-1],
        environment=environment,
        accelerated="accelerator" in resources,
        parameters=parameters,
        artifacts=artifacts,
        parameter_outputs=parameter_outputs,
        artifact_outputs=artifact_outputs,
        image=image,
        cpu=float(resources.get("cpuLimit", 0.0)),
        memory_mb=round(1000 * float(resources.get("memoryLimit", 0.0))),
    )


def _lightweight(container: Section, command: tuple[str, ...], args: tuple[str, ...]) -> None:
    if any("pip install" in part for part in command[:-1]):
        hint = "set install_kfp_package=False and no packages_to_install; what is needed is installed beforehand"
        raise container.error("command", _SUBSET, "an installation at run time", hint)
    is_executor = len(command) == 4 and "kfp.dsl.executor_main" in command[2] and "$0" in command[2]
    if not is_executor or args[:-1] != ("--executor_input", "{{$}}", "--function_to_execute"):
        raise container.error("command", _SUBSET, "a container of its own", "use @dsl.component on a function")


def _in_order(tasks: Mapping[str, Task], root: Section) -> dict[str, Task]:
    """The tasks, each after those it needs."""
    for task in tasks.values():
        for other in sorted(task.after - tasks.keys()):
            where = _place(root, "tasks", task.name)
            raise where.error("dependentTasks", "a task of this pipeline", repr(other), nearest(other, tasks))
    try:
        order = tuple(TopologicalSorter({name: sorted(tasks[name].after) for name in sorted(tasks)}).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise root.error("dag", "tasks that can be put in order", f"a circle: {circle}") from error
    return {name: tasks[name] for name in order}


def _place(root: Section, *keys: str) -> Section:
    """A place below `dag` to point an error at."""
    return Section(root.file, {}, root.lines, ("root", "dag", *keys))


def _connected(pipeline: Pipeline, root: Section) -> None:
    """Makes sure that every source exists and every required input has one."""
    for task in pipeline.tasks.values():
        _fed(pipeline, task, _place(root, "tasks", task.name))
    for name, output in pipeline.outputs.items():
        producer = pipeline.tasks.get(output.task)
        if producer is None or output.name not in producer.component.parameter_outputs:
            where = _place(root, "outputs", "parameters")
            raise where.error(name, "an output parameter of a task", f"{output.task}.{output.name}")


def _fed(pipeline: Pipeline, task: Task, where: Section) -> None:
    component = task.component
    required = {name for name, parameter in component.parameters.items() if not parameter.optional}
    required |= {name for name, optional in component.artifacts.items() if not optional}
    given: Mapping[str, Source] = {**task.parameters, **task.artifacts}
    for name in sorted(required - given.keys()):
        raise where.error("inputs", f"a value for {name}", "none")
    for name, source in given.items():
        if name not in {**component.parameters, **component.artifacts}:
            raise where.error("inputs", "an input of the component", repr(name), nearest(name, required))
        if isinstance(source, PipelineParameter) and source.name not in pipeline.parameters:
            raise where.error("inputs", "a parameter of the pipeline", repr(source.name))
        if isinstance(source, TaskOutput) and not _gives(pipeline.tasks[source.task].component, source.name):
            raise where.error("inputs", f"an output of {source.task}", repr(source.name))


def _gives(component: Component, name: str) -> bool:
    return name in component.parameter_outputs or name in component.artifact_outputs
