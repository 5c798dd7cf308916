#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Brings what a checkout needs: setup.sh [--check] [--app FOLDER] [build] [test] [next] [lint]
#
# First the system's packages: each need below has a probe, and only what a probe misses is
# installed (Debian and its children: with apt-get; elsewhere you are told the names). Then
# the npm packages of the lock file, Node itself among them. An example has a lock file of its
# own: its packages come when it is to be run (--app), tested or looked at. Run again it finds
# everything in place and is done at once.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)

# set | what | probe | Debian | Fedora | Alpine | Homebrew
needs='
build | a C compiler      | program cc               | gcc libc6-dev       | gcc               | build-base        | gcc
build | make              | program make             | make                | make              | make              | make
build | CMake 3.25        | cmake_325                | cmake               | cmake             | cmake             | cmake
build | pkg-config        | program pkg-config       | pkg-config          | pkgconf-pkg-config | pkgconf          | pkgconf
build | libuv             | library libuv 1.44       | libuv1-dev          | libuv-devel       | libuv-dev         | libuv
build | jansson           | library jansson 2.13     | libjansson-dev      | jansson-devel     | jansson-dev       | jansson
build | PCRE2             | library libpcre2-8 10.34 | libpcre2-dev        | pcre2-devel       | pcre2-dev         | pcre2
build | zlib              | library zlib 1.2.11      | zlib1g-dev          | zlib-devel        | zlib-dev          | zlib
build | brotli            | library libbrotlienc 1.0.7 | libbrotli-dev     | brotli-devel      | brotli-dev        | brotli
build | zstd              | library libzstd 1.4.0    | libzstd-dev         | libzstd-devel     | zstd-dev          | zstd
test  | cmocka            | library cmocka 1.1       | libcmocka-dev       | libcmocka-devel   | cmocka-dev        | cmocka
test  | clang             | program clang            | clang               | clang             | clang             | llvm
test  | libFuzzer         | libfuzzer                | libclang-rt-dev     | compiler-rt       | compiler-rt       | llvm
test  | valgrind          | program valgrind         | valgrind            | valgrind          | valgrind          | -
test  | PostgreSQL        | postgresql               | postgresql          | postgresql-server | postgresql        | postgresql
test  | Chromium          | browser                  | chromium            | chromium          | chromium          | chromium
test  | a C++ compiler    | program c++              | g++                 | gcc-c++           | build-base        | gcc
test  | SQLite            | library sqlite3 3.35     | libsqlite3-dev      | sqlite-devel      | sqlite-dev        | sqlite
test  | libpq             | library libpq 13         | libpq-dev           | libpq-devel       | libpq-dev         | libpq
test  | libcurl           | library libcurl 7.68     | libcurl4-openssl-dev | libcurl-devel    | curl-dev          | curl
test  | OpenSSL           | library libcrypto 3.0    | libssl-dev          | openssl-devel     | openssl-dev       | openssl
test  | libxcrypt         | library libcrypt 4.4     | libcrypt-dev        | libxcrypt-devel   | libxcrypt-dev     | libxcrypt
test  | libmongoc         | library libmongoc-1.0 1.17 | libmongoc-dev     | mongo-c-driver-devel | mongo-c-driver-dev | mongo-c-driver
lint  | clang-format      | program clang-format     | clang-format        | clang-tools-extra | clang-extra-tools | clang-format
lint  | clang-tidy        | program clang-tidy       | clang-tidy          | clang-tools-extra | clang-extra-tools | llvm
lint  | cppcheck          | program cppcheck         | cppcheck            | cppcheck          | cppcheck          | cppcheck
lint  | a C++ compiler    | program c++              | g++                 | gcc-c++           | build-base        | gcc
'

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# --- Probes: is it there, and good enough? ---

program() { command -v "$1" >/dev/null 2>&1; }
library() { pkg-config --atleast-version "$2" "$1" 2>/dev/null; }
cmake_325() {
    program cmake && cmake --version | awk 'NR == 1 { split($3, v, "."); exit !(v[1] * 1000 + v[2] >= 3025) }'
}
# Debian keeps the server's programs out of PATH.
postgresql() { program postgres || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
browser() { program chromium || program chromium-browser || program google-chrome; }
libfuzzer() {
    program clang && ls "$(clang -print-runtime-dir)"/*fuzzer* "$(clang -print-resource-dir)"/lib/*/*fuzzer* 2>/dev/null |
        grep -q .
}

# The needs of the sets asked for that a probe does not find, one a line.
missing() {
    printf '%s\n' "$needs" | while IFS='|' read -r set what probe packages; do
        case " $sets " in *" $(echo $set) "*) ;; *) continue ;; esac
        [ -n "$set" ] || continue
        # A probe is a name and its arguments.
        $probe || printf '%s|%s|%s\n' "$(echo $what)" "$probe" "$packages"
    done
}

# Column 1 to 4 of the package names in what `missing` said.
names() {
    printf '%s\n' "$lacking" | awk -F'|' -v column="$1" '
        NF { n = split($(column + 2), names, " "); for (i = 1; i <= n; i++) if (names[i] != "-" && !seen[names[i]]++) print names[i] }'
}

# --- System packages ---

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian's package of clang's runtime carries clang's version in its name.
debian_names() {
    names 1 | while read -r name; do
        if [ "$name" = libclang-rt-dev ]; then
            version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
            name=libclang-rt-${version:-14}-dev
        fi
        printf '%s ' "$name"
    done
}

install_with_apt() {
    [ "$(id -u)" -eq 0 ] || program sudo || fail "not root and no sudo; as root: apt-get install $(debian_names)"
    say "reading the package lists"
    as_root apt-get update -qq || say "the package lists could not be read; going on with the ones at hand"
    packages=$(debian_names)
    say "installing $packages"
    # shellcheck disable=SC2086 # one word for each package
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages </dev/null ||
        fail "apt-get could not install $packages"
}

name_packages() {
    cat >&2 <<END
setup: these are missing:
$(printf '%s\n' "$lacking" | awk -F'|' 'NF { print "    " $1 }')
  Debian, Ubuntu:  apt-get install $(names 1 | tr '\n' ' ')
  Fedora:          dnf install $(names 2 | tr '\n' ' ')
  Alpine:          apk add $(names 3 | tr '\n' ' ')
  macOS:           brew install $(names 4 | tr '\n' ' ')
END
    exit 1
}

system_packages() {
    lacking=$(missing)
    [ -n "$lacking" ] || return 0
    if ! program apt-get || [ "$check_only" ]; then
        name_packages
    fi
    install_with_apt
    lacking=$(missing)
    [ -z "$lacking" ] || fail "installed, and still missing or too old: $(printf '%s\n' "$lacking" | cut -d'|' -f1 | tr '\n' ';')"
}

# --- npm packages: again only when the lock file has changed ---

# Installs the packages of a folder's lock file, if it is not these that are there.
npm_packages() {
    folder=$1
    stamp=$folder/node_modules/.capra-lock
    now=$(cksum <"$folder/package-lock.json")
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then
        return 0
    fi
    program npm && program node ||
        fail "npm is missing; it comes with Node.js 18 or newer (Debian: apt-get install nodejs npm). It only fetches: the Node that runs Capra is one of the packages."
    if [ "$check_only" ]; then
        fail "the npm packages are not those of $folder/package-lock.json: run npm ci there"
    fi
    say "installing the npm packages of $folder/package-lock.json"
    # With Capra's own Node once it is there: what is installed is what it will run.
    (cd "$folder" && PATH="$root/node_modules/.bin:$PATH" npm ci --no-progress) || fail "npm ci failed"
    printf '%s\n' "$now" >"$stamp"
}

# What an example needs to run: its packages, and what its own setup makes. A project elsewhere
# is its owner's, who has installed it the way they like.
example() {
    [ -f "$1/package-lock.json" ] || return 0
    case $(cd "$1" && pwd -P) in "$(pwd -P)"/examples/*) ;; *) return 0 ;; esac
    npm_packages "$1"
    if [ -f "$1/scripts/setup.mjs" ] && [ ! "$check_only" ]; then
        node_modules/.bin/node "$1/scripts/setup.mjs" || fail "$1/scripts/setup.mjs failed"
    fi
}

check_only=
app=
if [ "${1:-}" = --check ]; then
    check_only=yes
    shift
fi
if [ "${1:-}" = --app ]; then
    app=$2
    shift 2
fi
sets=${*:-build}
mkdir -p build
if program flock; then
    exec 8>build/.setup-lock
    flock 8
fi
system_packages
npm_packages .
# Not every npm links the program of an optional package.
for node in node_modules/node-*/bin/node; do
    [ -e node_modules/.bin/node ] || ln -s "../../$node" node_modules/.bin/node
done
[ -x node_modules/.bin/node ] ||
    fail "there is no Node package for this system ($(uname -sm)); see optionalDependencies in package.json"
[ -z "$app" ] || example "$app"
case " $sets " in *" test "*) npm_packages test/packages ;; esac
case " $sets " in *" next "*) npm_packages test/next ;; esac
case " $sets " in
*" test "* | *" lint "*) for each in examples/*/; do example "${each%/}"; done ;;
esac
