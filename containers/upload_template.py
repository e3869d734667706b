"""A compiled pipeline, uploaded as a template: upload_template.py FILE --host URL --tag 0.2.0

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
    """Uploads it once; prints its name and version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--host", required=True)
    parser.add_argument("--tag", action="append", default=[], help="an empty one is left out")
    said = parser.parse_args()
    client = RegistryClient(host=said.host)
    try:
        name, version = client.upload_pipeline(str(said.file), tags=[tag for tag in said.tag if tag] or None)
    except requests.RequestException as error:
        status = error.response.status_code if error.response is not None else type(error).__name__
        sys.exit(f"{said.host}: expected to take {said.file}, got {status}")
    print(f"{name} {version}")


if __name__ == "__main__":
    main()
