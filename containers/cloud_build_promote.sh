#!/bin/bash
# Gives the pushed digests a tag; without one it does nothing.
set -euo pipefail
if [ -z "$TAG" ]; then
  echo "no tag, so nothing is promoted"
  exit 0
fi
for group in deliver data train evaluate serve; do
  docker pull --quiet "$(cat "build/images/$group")"
  docker tag "$(cat "build/images/$group")" "$REPOSITORY/benison-$group:$TAG"
  docker push --quiet "$REPOSITORY/benison-$group:$TAG"
done
