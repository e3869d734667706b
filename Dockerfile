# The images that components run in, on the current stack: deliver, data, train, train-gpu, evaluate and serve, each a target. What they
# share is one layer: BASE < deliver < tensorflow < data, train, evaluate, serve. BASE needs Python 3.13 and glibc 2.39 or newer.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS tools
WORKDIR /build/requirements
COPY requirements/setup_environment.py requirements/uv.txt requirements/build.txt .ca-bundle.cr[t] ./
RUN if [ -s .ca-bundle.crt ]; then export SSL_CERT_FILE=$PWD/.ca-bundle.crt; fi \
 && python3 -c "import setup_environment as own; own.adopt_pip_settings(); own.fetch_pinned_uv()" \
 && ../.uv/uv venv --no-python-downloads --python "$(command -v python3)" /opt/benison \
 && mkdir -p /layers/venv/opt && cp -a /opt/benison /layers/venv/opt/
COPY containers/install_layer.sh /build/

FROM tools AS build-deliver
COPY requirements/image-deliver.txt requirements/image-kfp.txt ./
RUN sh ../install_layer.sh deliver --require-hashes --no-deps -r image-deliver.txt \
 && sh ../install_layer.sh deliver --require-hashes --no-deps -r image-kfp.txt

FROM build-deliver AS build-tensorflow
COPY requirements/image-tensorflow.txt ./
RUN sh ../install_layer.sh tensorflow --require-hashes --no-deps --build-constraints build.txt -r image-tensorflow.txt

FROM build-tensorflow AS build-data
COPY requirements/image-data.txt ./
RUN sh ../install_layer.sh data --require-hashes --no-deps -r image-data.txt

FROM build-tensorflow AS build-train
COPY requirements/image-train.txt ./
RUN sh ../install_layer.sh train --require-hashes --no-deps -r image-train.txt

FROM build-tensorflow AS build-evaluate
COPY requirements/image-evaluate.txt ./
RUN sh ../install_layer.sh evaluate --require-hashes --no-deps --build-constraints build.txt -r image-evaluate.txt

FROM build-tensorflow AS build-serve
COPY requirements/image-serve.txt ./
RUN sh ../install_layer.sh serve --require-hashes --no-deps --build-constraints build.txt -r image-serve.txt

FROM build-deliver AS build-code
COPY setup.py pyproject.toml LICENSE /build/source/
COPY benison /build/source/benison
COPY components /build/source/components
COPY pipelines /build/source/pipelines
COPY schemas /build/source/schemas
COPY serving /build/source/serving
COPY triggers /build/source/triggers
RUN sh ../install_layer.sh code --build-constraints build.txt --no-deps /build/source

FROM ${BASE} AS common
COPY --from=tools /layers/venv /
COPY --from=build-deliver /layers/deliver /
# Clusters choose the user: nothing below /opt is written, and home is a place that anyone may write.
ENV PATH=/opt/benison/bin:$PATH HOME=/tmp USER=benison PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 10001:0
CMD ["python", "-c", "import benison; print('benison', benison.__version__)"]

FROM common AS deliver
COPY --from=build-code /layers/code /

FROM common AS tensorflow
COPY --from=build-tensorflow /layers/tensorflow /

FROM tensorflow AS data
COPY --from=build-data /layers/data /
COPY --from=build-code /layers/code /

FROM tensorflow AS train
COPY --from=build-train /layers/train /
COPY --from=build-code /layers/code /

FROM tensorflow AS evaluate
COPY --from=build-evaluate /layers/evaluate /
COPY --from=build-code /layers/code /

FROM tensorflow AS serve
COPY --from=build-serve /layers/serve /
COPY --from=build-code /layers/code /
EXPOSE 8080
CMD ["python", "-m", "benison.serving", "-p", "/project"]

FROM build-deliver AS build-train-gpu
COPY requirements/image-train-gpu.txt ./
RUN sh ../install_layer.sh train-gpu --require-hashes --no-deps --build-constraints build.txt -r image-train-gpu.txt

FROM common AS train-gpu
COPY --from=build-train-gpu /layers/train-gpu /
COPY --from=build-code /layers/code /
