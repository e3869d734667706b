#!/bin/sh
# Installs locks into /opt/benison and lays what that added under /layers/NAME, for a layer of its own:
#   install_layer.sh NAME [uv's options] -r LOCK
set -eu
name=$1
shift
listed() { find /opt/benison \( -type f -o -type l \) | LC_ALL=C sort; }
listed > /tmp/before
# A network that opens TLS needs its own certificates: `make images` puts them here, and they stay in this stage.
if [ -s .ca-bundle.crt ]; then export SSL_CERT_FILE=$PWD/.ca-bundle.crt; fi
../.uv/uv pip install --no-cache --python /opt/benison --compile-bytecode "$@"
# Headers to compile against, and tests, which nothing here runs.
for unused in tensorflow/include pyarrow/include pyarrow/tests numpy/tests numpy/*/tests; do
  rm -rf /opt/benison/lib/python3.*/site-packages/$unused
done
listed > /tmp/after
# What a later layer replaced or removed would lie in two layers, and could differ from image to image.
gone=$(LC_ALL=C comm -23 /tmp/before /tmp/after)
[ -z "$gone" ] || { echo "$name takes away what a layer below has: $gone" >&2; exit 1; }
mkdir -p "/layers/$name"
LC_ALL=C comm -13 /tmp/before /tmp/after | tar -cf - -T - | tar -xf - -C "/layers/$name"
