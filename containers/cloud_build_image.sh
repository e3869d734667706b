#!/bin/bash
# Builds one stage of the Dockerfile as a build on Cloud Build has it: cloud_build_image.sh GROUP
# BUILD_ARGS: more arguments for docker build.
set -euo pipefail
group=$1
image=$REPOSITORY/benison-$group
# The classic builder looks at nothing else once it is told where to look.
cache=
docker image inspect "$image:cache" > /dev/null 2>&1 && cache="--cache-from $image:cache"
# shellcheck disable=SC2086
docker build ${BUILD_ARGS:-} $cache --build-arg "BASE=$BASE" --build-arg BUILDKIT_INLINE_CACHE=1 \
  --label org.opencontainers.image.title=Benison --label "org.opencontainers.image.revision=$COMMIT" \
  --label "org.opencontainers.image.version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' benison/__init__.py)" \
  --label org.opencontainers.image.licenses=Apache-2.0 --target "$group" --tag "$image:$COMMIT" .
