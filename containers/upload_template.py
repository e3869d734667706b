"""Compiled pipelines, uploaded as templates: upload_template.py FILE... --host URL --tag 0.2.0

URL is of a Kubeflow Pipelines repository, as in https://europe-kfp.pkg.dev/PROJECT/REPOSITORY. Credentials are Google's
application default ones.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import requests
from kfp.registry import RegistryClient


def main() -> None:
    """Uploads each once; prints its name and version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--host", required=True)
    parser.add_argument("--tag", action="append", default=[], help="an empty one is left out")
    said = parser.parse_args()
    client, tags = RegistryClient(host=said.host), [tag for tag in said.tag if tag] or None
    for file in said.files:
        try:
            name, version = client.upload_pipeline(str(file), tags=tags)
        except requests.RequestException as error:
            status = error.response.status_code if error.response is not None else type(error).__name__
            sys.exit(f"{said.host}: expected to take {file}, got {status}")
        print(f"{name} {version}")


if __name__ == "__main__":
    main()
