#!/bin/bash
# Builds one stage of the Dockerfile as a build on Cloud Build has it: cloud_build_image.sh GROUP
# It starts from what was pushed last. BUILD_ARGS: more arguments for docker build.
set -euo pipefail
group=$1
image=$REPOSITORY/benison-$group
# shellcheck disable=SC2086
docker build ${BUILD_ARGS:-} --build-arg "BASE=$BASE" --build-arg BUILDKIT_INLINE_CACHE=1 --cache-from "$image:cache" \
  --label org.opencontainers.image.title=Benison --label "org.opencontainers.image.revision=$COMMIT" \
  --label "org.opencontainers.image.version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' benison/__init__.py)" \
  --label org.opencontainers.image.licenses=Apache-2.0 --target "$group" --tag "$image:$COMMIT" .
