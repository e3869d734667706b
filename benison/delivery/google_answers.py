"""What Google's APIs answer where they do not do what was asked, as errors of ours."""

from __future__ import annotations

from collections.abc import Mapping

from benison.core.errors import AccessError, BenisonError, ServerError

SIGN_IN = "sign in with  gcloud auth application-default login, or name a key in GOOGLE_APPLICATION_CREDENTIALS"


def refused(where: str, status: int, said: str, hints: Mapping[int, str]) -> BenisonError:
    """An error for a status that is no success.

    Args:
        where: Who was asked for what.
        status: Of HTTP.
        said: The API's own words, of which the end is kept.
        hints: What to do, by status.
    """
    got = f"{status}: {' '.join(said.split())[-200:]}"
    if status >= 500 or status == 429:
        return ServerError(where, expected="an API that is well", got=got)
    return AccessError(where, expected="a request that it takes", got=got, hint=hints.get(status, ""))
