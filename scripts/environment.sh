# shellcheck shell=bash
# Sourced by every script: where things are and which tools are used. It changes nothing on disk.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-${HOME:?}/.cache}/worker-rpc-latency
CARGO_DENY=0.20.2 # checks the licences of what Cargo.lock names
WASM=wasm32-unknown-unknown
cd "$ROOT" || exit 1

say() { printf '==> %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# The version of a crate in Cargo.lock: the tools must be of the same version as the crates they serve.
locked_version() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/"/, ""); print $3; exit }' Cargo.lock
}

# Is the rustc of this folder new enough for Cargo.toml's rust-version?
new_enough() {
  local oldest minor
  oldest=$(sed -n 's/^rust-version = "1\.\([0-9]*\).*/\1/p' Cargo.toml)
  minor=$("$1/rustc" --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge "$oldest" ]
}

wasm_library_folder() { "$1/rustc" --print target-libdir --target $WASM 2>/dev/null; }
has_wasm() { compgen -G "$(wasm_library_folder "$1")/libstd-*.rlib" >/dev/null; }

# The folders where a rustc and cargo may be: the user's own choice first, Debian's last.
rust_folders() {
  local rustc
  rustc=$(command -v rustc) && dirname "$rustc"
  echo "${CARGO_HOME:-$HOME/.cargo}/bin"
  echo /usr/bin
}

# The first of them that builds native and wasm code. One Rust for both: nothing is compiled twice.
find_rust() {
  local folder
  for folder in $(rust_folders); do
    if new_enough "$folder" && has_wasm "$folder"; then echo "$folder"; return; fi
  done
  return 1
}

# For everything that builds or serves. Without a Rust this leaves PATH alone; scripts/setup says what to do.
use_tools() {
  local rust bindgen
  bindgen=$(locked_version wasm-bindgen)
  if rust=$(find_rust); then
    PATH=$rust:$PATH
    # Rust from rustup brings its own linker for wasm, Debian's does not.
    compgen -G "$("$rust/rustc" --print sysroot)/lib/rustlib/*/bin/rust-lld" >/dev/null ||
      export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld
  fi
  PATH=$CACHE/tools/worker-build-$(locked_version worker)/bin:$CACHE/tools/cargo-deny-$CARGO_DENY/bin:$PATH:$CACHE/tools/promtool/bin
  PATH=$ROOT/node_modules/.bin:$PATH
  # worker-build downloads from code hosts what these do not name.
  export WASM_BINDGEN_BIN=$CACHE/tools/wasm-bindgen-$bindgen/bin/wasm-bindgen
  export ESBUILD_BIN=$ROOT/node_modules/.bin/esbuild
  # worker-build compiles with this; set everywhere, cargo never builds the same crate in two ways.
  export WASM_BINDGEN_USE_JS_SYS=1
  export PATH WRANGLER_SEND_METRICS=false
}
use_tools
