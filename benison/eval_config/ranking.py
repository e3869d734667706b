"""What an evaluation config says of rankings: the columns of query and gain, as TFMA's NDCG names them."""

from __future__ import annotations

from benison.core.metrics import Kind, Metric
from benison.core.sections import Section
from benison.eval_config.of_tfma import arguments_of

QUERY_KEY, GAIN_KEY = "query_key", "gain_key"


def ranked_by(top: Section) -> tuple[str, str]:
    """The columns of query and gain; empty where the file does not name them.

    Raises:
        ConfigError: Two are named.
    """
    specs = top.sections("metrics_specs")
    queries = [spec.take(QUERY_KEY, str, "") for spec in specs]
    gains = [arguments_of(one).take(GAIN_KEY, str, "") for spec in specs for one in spec.sections("metrics")]
    return _one(top, QUERY_KEY, queries), _one(top, GAIN_KEY, gains)


def _one(top: Section, key: str, said: list[str]) -> str:
    named = list(dict.fromkeys(column for column in said if column))
    if len(named) > 1:
        raise top.error("metrics_specs", f"one {key} for all metrics", " and ".join(map(repr, named)))
    return named[0] if named else ""


def at_places(kind: Kind, config: Section) -> list[Metric]:
    """A metric of rankings at every number of places that its config asks for; without any, of whole rankings.

    Raises:
        ConfigError: The numbers are something else, or there is no such metric without one.
    """
    if kind.name == "ndcg":
        config.take(GAIN_KEY, str, "")
    found = config.take(kind.argument, list, [])
    sound = all(type(k) is int and 1 <= k <= kind.most for k in found)
    if not sound or (kind.needs and not found):
        raise config.error(kind.argument, f"whole numbers from 1 to {kind.most:,.0f}", repr(found) if found else "none")
    return [Metric(kind, float(k)) for k in found] or [Metric(kind, kind.default)]
