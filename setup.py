"""What Benison is to pip. The ranges say what it works with; requirements/ has the versions that it is tested with."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = re.findall(r'^__version__ = "(.+)"$', (ROOT / "benison" / "__init__.py").read_text(), re.MULTILINE)[0]

BASE = [
    "click>=8.1",
    "cronsim>=2.6",
    "cryptography>=42",
    "jsonschema>=4.18",
    "kfp>=2.13,<3",
    "numpy>=1.26,<3",
    "pyarrow>=10",
    "pyyaml>=6",
    "referencing>=0.30",
    "rich>=13",
]
DATA = [
    "dill",
    "duckdb>=2,<3",
    "google-crc32c>=1.5",
    "obstore>=0.8",
    "protobuf>=4.25",
    "scipy>=1.11",
    "tensorflow-data-validation>=1.16.1,<1.22",
    "tensorflow-metadata>=1.16.1,<1.22",
]
TRAIN = ["keras>=3.3,<4", "tensorflow>=2.16.2,<2.22", "tf-keras>=2.16,<2.22", "tfx-bsl>=1.16.1,<1.22"]
SEARCH = ["keras-tuner[bayesian]>=1.4.8,<1.5", "threadpoolctl"]
SERVE = ["kserve>=0.21,<0.22", "prometheus-client", "protobuf>=6", "tensorflow>=2.21,<2.22"]
TRIGGER = ["aiohttp>=3.9,<4", "google-auth>=2.20,<3", "obstore>=0.8", "requests>=2.31,<3"]
EVALUATE = [*TRAIN, "scipy>=1.11", "tensorflow-model-analysis>=0.47.1,<0.53"]
DEV = [
    "flask",
    "flask-cors",
    "hypothesis",
    "import-linter",
    "moto[s3]",
    "mypy",
    "pytest",
    "pytest-timeout",
    "pytest-xdist",
    "ruff",
    "scikit-learn",
]

setup(
    name="benison",
    version=VERSION,
    description="Kubeflow Pipelines components that carry a model to live traffic and let nothing unproven through",
    long_description=(ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.14",
    # The links in benison/ lead to folders at the top: components, pipelines and so on; find_packages follows.
    packages=find_packages(include=["benison", "benison.*"]),
    package_data={
        "benison": ["py.typed", "pages/*.css", "schemas/*.json", "template/**", "template/.*"],
        "benison.components": ["*/component.yaml", "*/metadata.yaml"],
        "benison.pipelines": ["compiled/*.yaml"],
    },
    install_requires=BASE,
    extras_require={
        "data": DATA,
        "bigquery": ["google-cloud-bigquery>=3.20,<4"],
        "train": TRAIN,
        "search": [*TRAIN, *SEARCH],
        "evaluate": EVALUATE,
        "serve": SERVE,  # beside kfp 2.16 or newer: kserve and older kfp agree on no protobuf
        "deliver": [],  # the registry and the pusher need nothing more
        "monitor": ["apprise>=1.9"],  # channels by which alerts are told
        "trigger": TRIGGER,
        "vertex": ["google-cloud-aiplatform>=1.70,<2"],
        "dev": DEV,
    },
    entry_points={"console_scripts": ["benison = benison.cli:main"]},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
