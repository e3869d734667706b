"""Bundle: fetch -> verify."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from benison.components.bundle.fetch import claimed, fetch, locate
from benison.components.bundle.verify import expected, verify
from benison.core import digests, documents
from benison.core.files import scratch_beside

_log = logging.getLogger(__name__)


def run(*, bundle_uri: str, bundle_digest: str, bundle: Path) -> None:
    """Fetches the user's project and verifies that it is the one that was sent.

    Args:
        bundle_uri: Where the staged project lies: an absolute path, file:// and one, or a bucket's folder.
        bundle_digest: Its content digest.
        bundle: The artifact that becomes bundle.json and project/.
    """
    digest, project = expected(bundle_digest), bundle / "project"
    try:
        with scratch_beside(bundle) as scratch:
            source = locate(bundle_uri, scratch)
            fetch(source, project)
            verify(project, digest=digest, claimed=claimed(source))
    except BaseException:
        shutil.rmtree(project, ignore_errors=True)
        raise
    documents.write(bundle / "bundle.json", "bundle", {"digest": digest}, durable=False)
    _log.info("project %s, %d files", digests.short(digest), sum(1 for _ in digests.files_of(project)))
