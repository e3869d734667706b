# One image with everything, on the current stack, in which the command line runs too; components in clusters have smaller ones,
# ../Dockerfile. BASE needs Python 3.13 and glibc 2.39 or newer.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build
ARG LOCK=image.txt
WORKDIR /build/requirements
# A network that opens TLS needs its own certificates: `make images` puts them here, and they stay in this stage.
COPY requirements/setup_environment.py requirements/uv.txt requirements/build.txt requirements/${LOCK} .ca-bundle.cr[t] ./
RUN if [ -s .ca-bundle.crt ]; then export SSL_CERT_FILE=$PWD/.ca-bundle.crt; fi \
 && python3 -c "import setup_environment as own; own.adopt_pip_settings(); own.fetch_pinned_uv()" \
 && ../.uv/uv venv --no-python-downloads --python "$(command -v python3)" /opt/benison \
 && ../.uv/uv pip sync --no-cache --python /opt/benison --require-hashes --build-constraints build.txt \
      --compile-bytecode ${LOCK}
WORKDIR /build
COPY setup.py pyproject.toml LICENSE ./
COPY benison benison
COPY components components
COPY pipelines pipelines
COPY schemas schemas
COPY serving serving
COPY triggers triggers
RUN .uv/uv pip install --no-cache --offline --python /opt/benison --no-deps --no-build-isolation --compile-bytecode .

FROM ${BASE}
# git tells what changed in a project: benison plan, benison ci.
RUN apt-get -qq update && apt-get -qq install --no-install-recommends git > /dev/null && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/benison /opt/benison
# Clusters choose the user: nothing below /opt is written, and home is a place that anyone may write.
ENV PATH=/opt/benison/bin:$PATH HOME=/tmp USER=benison PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 10001:0
CMD ["benison", "--help"]
