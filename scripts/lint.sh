#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that judges the sources without running them; needs the release tree.
# lint.sh [STEP...]: format borders biome types cppcheck tidy; all of them without a name.
set -eu
cd "$(dirname "$0")/.."

node=node_modules/.bin/node
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

format() { scripts/format.sh --check; }
borders() { $node scripts/borders.mjs; }
biome() { $node node_modules/@biomejs/biome/bin/biome lint --error-on-warnings .; }

# Ours by tsconfig.json, each example by its own.
types() {
    for project in tsconfig.json examples/*/tsconfig.json; do
        [ -f "$project" ] || continue
        $node node_modules/typescript/bin/tsc --noEmit -p "$project"
    done
}

# readdir is safe where no two threads read one folder; readdir_r is the one to avoid by now.
cppcheck() {
    command cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -j "$jobs" \
        --enable=warning,performance,portability \
        --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches --suppress=readdirCalled \
        --library=posix -I include -I src -D__GNUC__ -DCAPRA_VERSION='""' \
        src examples/*/pages examples/*/lib
}

# Each file once, although the core is compiled twice.
tidy() {
    sed -n 's/^  "file": "\(.*\)"$/\1/p' build/release/compile_commands.json | grep '/src/' | sort -u |
        xargs -P "$jobs" -n 1 clang-tidy -p build/release --quiet --extra-arg=-Wno-unknown-warning-option 2>build/tidy.log
}

status=0
for step in ${*:-format borders biome types cppcheck tidy}; do
    printf '%s\n' "lint: $step"
    $step || {
        printf '%s\n' "lint: $step FAILED" >&2
        status=1
    }
done
exit $status
