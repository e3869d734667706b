"""Runs continuous training by KFP's own runner of containers on one machine, and prints what it came to as JSON.

python docker_runner.py ROOT    # ROOT/project is the project; all that is written lies in ROOT, which KFP mounts
"""

import json
import os
import sys
from pathlib import Path

from kfp import local

from benison.core.pack import pack
from benison.pipelines.continuous_training import continuous_training


def main(root: Path) -> None:
    # Images run as a user of group 0, and KFP mounts the folder as it is.
    os.umask(0)
    local.init(runner=local.DockerRunner(), pipeline_root=str(root))
    project = root / "project"
    staged = pack(project, root / "bundles", exclude=())
    verdicts = []
    for span in (1, 2):
        ran = continuous_training(
            bundle_uri=staged.uri,
            bundle_digest=staged.digest,
            data_root=str(project),
            registry_uri=str(root / "registry"),
            span=span,
            commit="",
            who="kfp.local",
        )
        verdicts.append(ran.outputs["verdict"])
    print(json.dumps(verdicts))


main(Path(sys.argv[1]))
