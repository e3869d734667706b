#!/bin/sh
# Makes a base image from Debian's packages alone, for machines that reach no image registry:
#   containers/base_image.sh trixie benison-base:trixie
set -eu
suite=$1 image=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
debootstrap --variant=minbase --include=python3,ca-certificates "$suite" "$folder/root" > "$folder/log" \
  || { tail -n 30 "$folder/log" >&2; exit 1; }
# What Debian's own slim images leave out; licences stay.
rm -rf "$folder"/root/usr/share/man/* "$folder"/root/usr/share/info/* "$folder"/root/usr/share/locale/*
find "$folder/root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$folder"/root/var/cache/apt/* "$folder"/root/var/lib/apt/lists/*
tar -C "$folder/root" -c . | docker import --change 'CMD ["bash"]' - "$image"
