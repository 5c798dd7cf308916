#!/bin/sh
# SPDX-License-Identifier: MIT
# Formats C by .clang-format, and TypeScript, JavaScript and JSON by biome.json.
# format.sh [--check]: with --check it only says what is not formatted.
set -eu
cd "$(dirname "$0")/.."

c_files() {
    find include src test bench examples \( -name node_modules -o -name .capra \) -prune \
        -o -type f -name '*.[ch]' -print0
}

node=node_modules/.bin/node
biome=node_modules/@biomejs/biome/bin/biome
if [ "${1:-}" = --check ]; then
    status=0
    c_files | xargs -0 clang-format --dry-run -Werror || status=1
    $node $biome format . || status=1
    exit $status
fi
c_files | xargs -0 clang-format -i
$node $biome check --write .
