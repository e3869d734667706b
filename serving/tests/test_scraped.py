"""The server's own figures, scraped by a real Prometheus, as a rollout counts them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benison.components.rollout.tests.prometheus_server import Scraper
from benison.components.rollout.tests.test_scraped_figures import ERRORS, SCORE, SLOW, Read, figures
from serving.tests.made import ROW
from serving.tests.running import Shop, until

Registered = Callable[..., str]


@pytest.mark.slow
def test_each_request_is_counted_once_and_what_is_tried_in_staging_not_at_all(
    shop: Shop, registered: Registered, tmp_path: Path
) -> None:
    one, two = registered(0.5), registered(0.25, "nan")
    scraper = Scraper(tmp_path, [shop.server.port])
    try:
        read = Read(figures(scraper), (one, two))
        shop.say(120, one, challenger=two, salt="rollout 1")
        assert shop.server.predict(ROW, headers={"x-staging": two}).status == 200
        shop.say(121, one, challenger=two, shadow=100.0)
        copied = f'benison_requests_total{{outcome="200",role="shadow",version="{two[7:19]}"}}'
        before = shop.server.metric(copied)
        for number in range(30):
            shop.server.predict(ROW, {**ROW, "city": "nan" if number % 3 == 0 else "Bonn"})
        until(lambda: shop.server.metric(copied) == before + 20)
        read.all()
    finally:
        scraper.kill()
    # The mean answer to the two rows is a quarter of the champion, and an eighth of the challenger.
    assert read.sums(ERRORS, "shadow") == {"champion": (30, 0), "challenger": (30, 10)}
    assert read.sums(SCORE, "shadow") == {"champion": (30, 7.5), "challenger": (20, 2.5)}
    assert read.sums(SLOW, "shadow")["champion"][0] == read.sums(SLOW, "shadow")["challenger"][0] == 30
