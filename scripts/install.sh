#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs a build: install.sh PREFIX. What runs stands together in PREFIX/lib/capra, laid out
# as in the checkout: build/ beside the node_modules that it needs (Node itself and esbuild).
set -eu
cd "$(dirname "$0")/.."

prefix=$1
home=$prefix/lib/capra
rm -rf "$home"
mkdir -p "$home/build" "$home/include" "$home/node_modules" "$prefix/bin" "$prefix/include"

install -m 755 build/capra "$home/build/capra"
install -m 644 build/capra.node build/worker.cjs build/compiler.mjs "$home/build/"
install -m 644 include/capra.h "$home/include/"
install -m 644 package.json LICENSE "$home/"
if [ -d types ]; then
    cp -R types "$home/"
fi

# The packages that are not for development only: those of the root, with what they need.
npm ls --omit=dev --workspaces=false --all --parseable 2>/dev/null | while read -r package; do
    name=${package#"$PWD/node_modules/"}
    [ "$name" != "$package" ] || continue
    mkdir -p "$home/node_modules/$(dirname "$name")"
    cp -R "$package" "$home/node_modules/$name"
done

ln -sf ../lib/capra/build/capra "$prefix/bin/capra"
ln -sf ../lib/capra/include/capra.h "$prefix/include/capra.h"
printf '%s\n' "installed $prefix/bin/capra"
