"""A registry mirrored to Vertex AI's Model Registry: google-cloud-aiplatform's client against a server on loopback."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benison.config.mirror import VertexMirror
from benison.config.release import Release
from benison.config.signatures import Signatures
from benison.core import digests
from benison.core.errors import AccessError, BenisonError, BrokenError, ConflictError, RefusedError, ServerError
from benison.core.verdicts import Verdict
from benison.mirror.artifacts import Artifacts
from benison.mirror.following import follow, pausing
from benison.mirror.mirror import Step, mirror
from benison.mirror.vertex import VertexModel
from benison.registry.sign import sign
from benison.registry.testing import SAID, Bench, MemoryStore, Stopped, StoppingStore, new_key
from tests.mirror.model_server import ARTIFACTS, PARENT, ModelServer

MODEL = f"{PARENT}/models/census"
Look = Callable[[], list[Step]]


@pytest.fixture(scope="module")
def connected(place: VertexMirror) -> tuple[VertexModel, list[float]]:
    """A model, and what it waits for, in seconds; Google's library takes long to read a key."""
    waits: list[float] = []
    return VertexModel(place, "census", waits.append), waits


@pytest.fixture
def waits(connected: tuple[VertexModel, list[float]]) -> list[float]:
    connected[1].clear()
    return connected[1]


@pytest.fixture
def model(connected: tuple[VertexModel, list[float]]) -> VertexModel:
    return connected[0]


@pytest.fixture
def look(bench: Bench, server: ModelServer, model: VertexModel) -> Look:
    return lambda: list(mirror(bench.registry, model, Artifacts(server.artifacts, ARTIFACTS, "census")))


@pytest.fixture
def two(bench: Bench) -> tuple[str, str]:
    """A champion and a challenger."""
    champion = bench.crown("one").package
    challenger = bench.add("two")
    bench.bless(challenger)
    return champion, challenger


def said(steps: list[Step]) -> list[tuple[str, str]]:
    return [(step.version, step.what) for step in steps]


def test_the_first_time_both_are_uploaded_whole_with_labels_and_aliases(
    look: Look, server: ModelServer, two: tuple[str, str], waits: list[float]
) -> None:
    assert said(look()) == [
        ("1", "uploaded"), ("1", "aliases champion, default"), ("2", "uploaded"), ("2", "aliases challenger")
    ]  # fmt: skip
    champion, challenger = two
    assert server.aliases() == {"default": "1", "champion": "1", "challenger": "2"}
    first, second = server.versions
    assert first["labels"] == {
        "benison-package": digests.short(champion),
        "benison-verdict": "pass",
        "benison-champion": "3",
    }
    assert second["labels"] == {"benison-package": digests.short(challenger), "benison-verdict": "pass"}
    assert (first["name"], first["displayName"]) == (f"{MODEL}@1", "census")
    assert second["versionDescription"] == f"package {challenger}"
    assert second["artifactUri"] == f"{ARTIFACTS}/census/packages/{digests.as_folder_name(challenger)}"
    assert second["containerSpec"] == {"imageUri": "europe-docker.pkg.dev/vertex-ai/prediction/tf2-cpu.2-15:latest"}
    assert waits == [1.0, 1.0]


def test_the_copy_is_the_package_byte_by_byte(look: Look, server: ModelServer, bench: Bench, tmp_path: Path) -> None:
    package = bench.crown("one").package
    look()
    below = f"census/packages/{digests.as_folder_name(package)}/"
    for key in server.artifacts.list_after(below):
        path = tmp_path / "copy" / key.removeprefix(below)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(server.artifacts.get(key) or b"")
    assert digests.of_tree(tmp_path / "copy") == package


def test_again_nothing_is_posted(look: Look, server: ModelServer, two: tuple[str, str]) -> None:
    look()
    server.changes.clear()
    assert look() == []
    assert server.changes == []


def test_a_promotion_moves_the_alias_in_one_call(
    look: Look, server: ModelServer, bench: Bench, two: tuple[str, str]
) -> None:
    look()
    bench.registry.promote("challenger", by_hand=False, **SAID)
    assert said(look()) == [("2", f"labels {digests.short(two[1])}, pass, 6"),
                            ("2", "aliases champion, default, -challenger")]  # fmt: skip
    assert server.aliases() == {"default": "2", "champion": "2"}
    assert look() == []


def test_a_rollback_moves_it_back(look: Look, server: ModelServer, bench: Bench) -> None:
    bench.crown("one")
    bench.crown("two")
    look()
    assert server.aliases() == {"default": "1", "champion": "1"}
    assert [one["labels"]["benison-champion"] for one in server.versions] == ["6", "3"]
    bench.registry.rollback(**SAID)
    look()
    assert server.aliases() == {"default": "2", "champion": "2"}
    assert server.versions[1]["labels"]["benison-champion"] == "7"


def test_a_word_that_the_gate_takes_back_takes_the_alias(
    look: Look, server: ModelServer, bench: Bench, two: tuple[str, str]
) -> None:
    look()
    bench.bless(two[1], Verdict.FAIL, evaluation="later")
    assert said(look()) == [("2", f"labels {digests.short(two[1])}, fail"), ("2", "aliases -challenger")]
    assert server.aliases() == {"default": "1", "champion": "1"}


def test_what_was_never_proven_is_not_shown(look: Look, server: ModelServer, bench: Bench) -> None:
    assert look() == []
    bench.bless(bench.add("one"), Verdict.FAIL)
    assert look() == []
    assert server.changes == []


def test_foreign_versions_and_labels_stay_as_they_are(look: Look, server: ModelServer, two: tuple[str, str]) -> None:
    server.add(MODEL, {"artifactUri": f"{ARTIFACTS}/census/packages/{digests.as_folder_name(two[0])}"})
    server.add(MODEL, {"artifactUri": "gs://acme/mine", "labels": {"benison-package": "copied-from-ours"}})
    before = [dict(one) for one in server.versions]
    look()
    assert server.versions[:2] == before
    assert server.aliases() == {"default": "1", "champion": "3", "challenger": "4"}
    server.versions[2]["labels"] |= {"team": "risk", "benison-verdict": "changed-by-hand"}
    look()
    assert server.versions[2]["labels"]["team"] == "risk"
    assert server.versions[2]["labels"]["benison-verdict"] == "pass"
    assert look() == []


def test_an_alias_that_was_moved_by_hand_is_set_right(look: Look, server: ModelServer, two: tuple[str, str]) -> None:
    look()
    server.versions[0]["versionAliases"], server.versions[1]["versionAliases"] = ["default", "blue"], ["champion"]
    assert said(look()) == [("1", "aliases champion"), ("2", "aliases challenger")]
    assert server.aliases() == {"default": "1", "champion": "1", "challenger": "2", "blue": "1"}


def test_a_version_that_says_it_is_ours_with_artifacts_elsewhere_stops_the_mirror(
    look: Look, server: ModelServer, two: tuple[str, str]
) -> None:
    look()
    server.versions[1]["artifactUri"] = "gs://elsewhere/2"
    server.changes.clear()
    with pytest.raises(
        BrokenError, match=r"\(version 2\): expected artifacts in the folder of a package, got 'gs://else"
    ):
        look()
    assert server.changes == []
    del server.versions[1]["labels"]["benison-package"]
    assert [step.version for step in look()] == ["3", "3"]


def test_what_is_out_of_use_stays_and_is_told_and_is_never_brought(
    look: Look, server: ModelServer, bench: Bench, two: tuple[str, str]
) -> None:
    look()
    bench.bless(two[1], Verdict.FAIL, evaluation="later")
    bench.registry.retire(two[1], **SAID)
    look()
    assert look() == [Step(two[1], "2", "stays, out of use here", done=False)]
    server.versions.clear()
    assert [step.package for step in look()] == [two[0]] * 2


@pytest.mark.parametrize("after", [False, True])
def test_whoever_is_stopped_at_any_call_is_continued(
    look: Look, server: ModelServer, two: tuple[str, str], after: bool
) -> None:
    for stops in range(1, 100):
        server.versions.clear()
        server.operations.clear()
        server.stops, server.after = stops, after
        try:
            look()
        except ServerError:
            server.resume()
            look()
        else:
            break
        assert server.aliases() == {"default": "1", "champion": "1", "challenger": "2"}
        assert [one["labels"]["benison-package"] for one in server.versions] == [digests.short(one) for one in two]
        assert look() == []
    assert stops == 9


def test_whoever_is_stopped_at_any_access_to_a_copy_is_continued(
    server: ModelServer, bench: Bench, model: VertexModel
) -> None:
    bench.crown("one")
    for at in range(1, 100):
        server.artifacts, server.versions = MemoryStore(), []
        store = StoppingStore(server.artifacts, at, done=at % 2 == 0)
        try:
            list(mirror(bench.registry, model, Artifacts(store, ARTIFACTS, "census")))
        except Stopped:
            assert server.versions == []
            list(mirror(bench.registry, model, Artifacts(server.artifacts, ARTIFACTS, "census")))
        else:
            break
        assert server.aliases() == {"default": "1", "champion": "1"}
    assert at > 8


def test_an_upload_that_is_still_under_way_is_waited_for_and_not_made_again(
    look: Look, server: ModelServer, bench: Bench, waits: list[float]
) -> None:
    bench.crown("one")
    look()
    bench.bless(bench.add("two"))
    server.polls, server.stops, server.after = 7, 3, True
    with pytest.raises(ServerError):
        look()
    server.stops = -1
    waits.clear()
    assert said(look()) == [("2", "aliases challenger")]
    assert len(waits) == 7
    assert len(server.versions) == 2


def test_a_second_version_by_an_upload_that_was_cut_off_gets_no_alias_and_is_told(
    look: Look, server: ModelServer, bench: Bench, two: tuple[str, str]
) -> None:
    look()
    server.add(MODEL, {one: server.versions[1][one] for one in ("labels", "artifactUri")})
    told = Step(two[1], "3", "stays, a second one of its package", done=False)
    assert look() == [told]
    server.versions[2]["versionAliases"], server.versions[1]["versionAliases"] = ["challenger"], []
    assert [step.version for step in look()] == ["2"], "the one that has the alias is the one"
    bench.registry.promote("challenger", by_hand=False, **SAID)
    look()
    assert server.aliases() == {"default": "3", "champion": "3"}


def test_without_a_signature_that_is_required_nothing_is_shown_as_champion(
    look: Look, server: ModelServer, bench: Bench, two: tuple[str, str]
) -> None:
    key = new_key()
    bench.registry.govern(Release(signatures=Signatures((key.public,), required=True)), **SAID)
    with pytest.raises(RefusedError, match="expected a signature by key"):
        look()
    assert server.changes == []
    sign(bench.registry, "champion", key)
    steps = look()
    assert said(steps[:2]) == [("1", "uploaded"), ("1", "aliases champion, default")]
    assert (steps[2].package, steps[2].version, steps[2].done) == (two[1], "", False)
    assert steps[2].what.startswith("not shown: expected a signature by key")
    sign(bench.registry, "challenger", key)
    assert said(look()) == [("2", "uploaded"), ("2", "aliases challenger")]


def test_a_damaged_package_is_not_uploaded(look: Look, server: ModelServer, bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    graph = next((tmp_path / "registry").rglob("saved_model.pb"))
    graph.write_bytes(b"another graph")
    with pytest.raises(BenisonError, match=r"saved_model\.pb: expected sha256"):
        look()
    assert server.changes == []


def test_an_upload_is_waited_for_half_an_hour(
    look: Look, server: ModelServer, two: tuple[str, str], waits: list[float]
) -> None:
    server.polls = 1000
    with pytest.raises(ServerError, match=r"expected a version, got none in half an hour\n\nhint: what was done stays"):
        look()
    assert 1800 <= sum(waits) < 1860
    server.resume()
    server.polls = 0
    look()
    assert server.aliases() == {"default": "1", "champion": "1", "challenger": "2"}


def test_an_upload_that_fails_is_told(look: Look, server: ModelServer, two: tuple[str, str]) -> None:
    server.failure = (9, "the service agent cannot pull the image")
    with pytest.raises(
        AccessError, match=r"got 400: the service agent cannot pull the image\n\nhint: mirror.vertex in"
    ):
        look()


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (
            401,
            AccessError,
            r"\(versions\): expected credentials that it knows, got 401: as the .*hint: sign in with  gc",
        ),
        (403, AccessError, "the right to do this, got 403: as the test wishes\n\nhint: ask for roles/aiplatform.user"),
        (409, ConflictError, "got 409: as the test wishes\n\nhint: somebody else works on the model at this moment"),
        (429, ServerError, "got 429: as the test wishes\n\nhint: the project's quota is used up; what was done stays"),
        (503, ServerError, "expected a server that is well, got 503: as the test wishes\n\nhint: what was done stays"),
    ],
)
def test_an_api_that_refuses_is_told(
    look: Look, server: ModelServer, bench: Bench, status: int, kind: type[BenisonError], text: str
) -> None:
    bench.crown("one")
    server.fails = status
    with pytest.raises(kind, match=f"(?s){text}"):
        look()


def test_a_project_that_is_not_there_is_told(bench: Bench, server: ModelServer, place: VertexMirror) -> None:
    bench.crown("one")
    model = VertexModel(dataclasses.replace(place, project="acne"), "census")
    with pytest.raises(AccessError, match=r"got 404: no route .*\n\nhint: mirror.vertex in benison.yaml names project"):
        list(mirror(bench.registry, model, Artifacts(server.artifacts, ARTIFACTS, "census")))


def test_without_credentials_it_is_told_how_to_have_some(
    place: VertexMirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AccessError, match=r"\(credentials\): expected credentials, got .*\n\nhint: sign in with"):
        VertexModel(place, "census")


def test_following_goes_on_after_trouble(
    look: Look, server: ModelServer, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.crown("one")
    stop, looks = threading.Event(), iter([503, 0])

    def looking() -> Iterator[Step]:
        server.fails = next(looks)
        yield from look()
        stop.set()

    with caplog.at_level(logging.INFO, "benison"):
        follow(looking, 0.0, stop)
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO", "INFO"]
    assert caplog.messages[2].endswith("): aliases champion, default")


def test_following_stops_while_it_waits_for_an_upload(
    server: ModelServer, bench: Bench, place: VertexMirror, caplog: pytest.LogCaptureFixture
) -> None:
    bench.crown("one")
    stop = threading.Event()
    server.polls, server.stopping = 1000, stop.set
    model = VertexModel(place, "census", pausing(stop))
    artifacts = Artifacts(server.artifacts, ARTIFACTS, "census")
    with caplog.at_level(logging.INFO, "benison"):
        follow(lambda: mirror(bench.registry, model, artifacts), 60.0, stop)
    assert (caplog.messages, server.versions, len(server.operations)) == ([], [], 1)


def test_an_image_of_ones_own_says_its_routes(bench: Bench, server: ModelServer, place: VertexMirror) -> None:
    own = dataclasses.replace(place.container, predict_route="/predict", health_route="/health", port=9000)
    model = VertexModel(dataclasses.replace(place, container=own, model="census-eu"), "census", [].append)
    bench.crown("one")
    list(mirror(bench.registry, model, Artifacts(server.artifacts, ARTIFACTS, "census")))
    spec = server.versions[0]["containerSpec"]
    assert (spec["predictRoute"], spec["healthRoute"], spec["ports"]) == (
        "/predict", "/health", [{"containerPort": 9000}],
    )  # fmt: skip
    assert server.versions[0]["name"] == f"{PARENT}/models/census-eu@1"
