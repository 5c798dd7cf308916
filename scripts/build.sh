#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds one tree of CMakeLists.txt: build.sh release|asan|fuzz [TARGET...]
# Two at once wait for each other.
set -eu
cd "$(dirname "$0")/.."

tree=$1
shift

mkdir -p build
if command -v flock >/dev/null 2>&1; then
    exec 9>build/.lock
    flock 9
fi

case $tree in
fuzz) compiler=${FUZZ_CC:-clang} ;;
*) compiler=${CC:-cc} ;;
esac
folder=build/$tree
if [ ! -f "$folder/Makefile" ]; then
    rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
    log=$folder.configure.log
    CC=$compiler cmake -S . -B "$folder" -G 'Unix Makefiles' "-DCAPRA_TREE=$tree" >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
fi

# One job for each core, whatever make called us: a build is one step of its recipe.
unset MAKEFLAGS MAKELEVEL MFLAGS
if [ $# -eq 0 ]; then
    set -- all
fi
exec cmake --build "$folder" -j "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)" --target "$@"
