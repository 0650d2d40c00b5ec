#!/usr/bin/env bash
# What a machine without any network needs: wheelhouse.sh FOLDER, run where there is a network and
# the same kind of machine and Python. Every locked wheel, this commit as an archive, a script that
# installs from them, and a hash of each. What was made is proved: installed where no network is.
set -euo pipefail
folder=${1:?"wheelhouse.sh FOLDER"}
root=$(cd "$(dirname "$0")/../.." && pwd)
python="$root/.venv/bin/python"

rm -rf "$folder"
mkdir -p "$folder/wheels"
folder=$(cd "$folder" && pwd)
for lock in requirements.uv.txt requirements.lock.txt; do
  "$python" -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
    --only-binary :all: --requirement "$root/$lock" --dest "$folder/wheels"
done
git -C "$root" archive --format=tar.gz --output "$folder/ioc-pipelines.tar.gz" HEAD
git -C "$root" rev-parse HEAD >"$folder/COMMIT"
"$python" -c 'import platform; print(platform.machine(), "Python", platform.python_version())' \
  >"$folder/MADE_FOR"
cp "$root/scripts/deploy/install.sh" "$folder/install.sh"
(cd "$folder" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)

echo "proving it: an installation without network" >&2
proof=$(mktemp -d)
trap 'rm -rf "$proof"' EXIT
alone=""
# an empty network namespace, where the kernel lets an ordinary user make one
unshare --map-root-user --net true 2>/dev/null && alone="unshare --map-root-user --net"
$alone env HOME="$proof" PYTHON="$python" sh "$folder/install.sh" "$proof/ioc" >&2
(cd "$proof" && $alone env HOME="$proof" IOC_HOME="$proof/var" "$proof/ioc/.venv/bin/ioc" status >/dev/null)
echo "$folder: $(find "$folder/wheels" -type f | wc -l) wheels, $(du -sh "$folder" | cut -f1), proved${alone:+ without network}"
