#!/bin/sh
# Writes the locked requirement files: exact versions and hashes, no download addresses.
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile -q --no-annotate --no-header --generate-hashes --python-version 3.11 --universal "$@"; }
compile requirements/uv.in -o requirements/uv.txt
compile --no-deps requirements/schemas.in -o requirements/schemas.txt
compile --all-extras pyproject.toml -o requirements/dev.txt
compile --extra tools --extra demo -c requirements/dev.txt pyproject.toml requirements/build.in -o requirements/embedded.txt
compile --extra tools --extra distributed -c requirements/dev.txt pyproject.toml requirements/build.in -o requirements/distributed.txt
