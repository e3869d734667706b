#!/bin/bash
# Pushes what was built, and writes build/images/GROUP: REPOSITORY/NAME@sha256:...
set -euo pipefail
mkdir -p build/images
for group in deliver data train evaluate serve; do
  image=$REPOSITORY/benison-$group
  docker tag "$image:$COMMIT" "$image:cache"
  docker push --quiet "$image:$COMMIT"
  docker push --quiet "$image:cache"
  # An image may have been pushed elsewhere before; each place has a digest of its own.
  docker inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image:$COMMIT" \
    | grep --fixed-strings "$image@" | head -n 1 > "build/images/$group"
  echo "$(cat "build/images/$group")"
done
