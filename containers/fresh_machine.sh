#!/bin/sh
# Runs make targets in a fresh Debian of its own, on a copy of this working tree:
#   containers/fresh_machine.sh benison-base:trixie run test
set -eu
image=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git ls-files -z -co --exclude-standard | tar -c --null --ignore-failed-read -T - | tar -x -C "$folder"
cp -r .git "$folder/.git"
cache=${UV_CACHE_DIR:-$HOME/.cache/uv}
mkdir -p "$cache"
certificates=
[ -z "${SSL_CERT_FILE:-}" ] || certificates="--volume $SSL_CERT_FILE:/certificates.crt:ro --env SSL_CERT_FILE=/certificates.crt"
# shellcheck disable=SC2086
docker run --rm --network host --volume "$folder:/source:ro" --volume "$cache:/cache" \
  --env UV_CACHE_DIR=/cache --env UV_LINK_MODE=copy --env ARGS $certificates "$image" bash -euc '
    apt-get -qq update && apt-get -qq install --no-install-recommends make git > /dev/null
    mkdir /work && cp -a /source/. /work && cd /work
    git config --global --add safe.directory /work
    for target in "$@"; do echo "make $target" && make "$target"; done
  ' make "$@"
