#!/bin/sh
# Install from this folder alone: sh install.sh /opt/ioc    (PYTHON=python3.12 for another Python)
# The folder may hold an earlier version: its data is elsewhere, its files are replaced.
set -eu
target=${1:?"install.sh FOLDER, such as /opt/ioc"}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
sha256sum --check --quiet SHA256SUMS || { echo "the wheelhouse is damaged: copy it again" >&2; exit 1; }

mkdir -p "$target"
# files that a new version no longer has must go, and a new environment be made beside them
rm -rf "$target/.venv"
for old in ioc_pipelines contracts sources dbt_project tests docs scripts; do rm -rf "${target:?}/$old"; done
tar -xzf ioc-pipelines.tar.gz -C "$target"
cp COMMIT "$target/COMMIT"
cd "$target"
PIP_NO_INDEX=1 PIP_FIND_LINKS="$here/wheels" UV_NO_INDEX=1 UV_OFFLINE=1 UV_FIND_LINKS="$here/wheels" \
  make .venv/.ready PYTHON="${PYTHON:-python3}"
.venv/bin/ioc --help >/dev/null
.venv/bin/ioc contracts check
echo "installed in $target, commit $(cat COMMIT)"
