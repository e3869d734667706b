from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from benison.core.secrets import HIDDEN
from benison.report import pull_request, scorecard
from benison.report.gather import gather
from benison.report.page import render

Write = Callable[[dict[str, Any]], Path]


def test_secrets_are_hidden_on_the_page_in_the_scorecard_and_in_markdown(census: ModuleType, write_run: Write) -> None:
    documents = census.blocked()
    token = "gh" + "p_" + "a1B2" * 9
    # pragma: allowlist nextline secret -- made up
    secret = f"cannot read https://ada:hunter2@acme.org/a with {token}; password=hunter2 & so on"
    for document in ("checks", "evaluation", "blessing"):
        for one in documents[document]["checks"]:
            one.update(reason=secret, observed=secret)
    folder = write_run(documents)
    card = " ".join(" ".join(scorecard.lines(gather(folder))).split())
    for shown in (render(gather(folder)), card, pull_request.markdown(gather(folder))):
        assert "hunter2" not in shown and token not in shown
        plain = shown.replace("\\", "")
        assert "cannot read https://ada:***@" in plain.replace(
            "<!-- -->", ""
        ) and "password=*** &amp; so on" in plain.replace(" & ", " &amp; ")


def test_nothing_is_hidden_where_there_is_no_secret(folder: Path) -> None:
    evidence = gather(folder)
    assert HIDDEN not in render(evidence) + "".join(scorecard.lines(evidence)) + pull_request.markdown(evidence)
