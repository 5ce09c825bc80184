# shellcheck shell=bash
# Sourced by every script: where things are, which tools are used, and what of the user's environment reaches them.
# It changes nothing on disk. docs/operations.md, "Environment", has the table of variables with the reasons.

unset CDPATH                # with it, the next line could find another checkout
START=$PWD                  # the caller's folder: what paths in options are relative to
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WASM=wasm32-unknown-unknown
CARGO_DENY=0.20.2 # checks the licences of what Cargo.lock names
cd "$ROOT" || exit 2

say() { printf '==> %s\n' "$*"; }
# Status 2, "something went wrong": 1 and 3 are answers of a run.
fail() { printf 'error: %s\n' "$*" >&2; exit 2; }
is_root() { [ "$(id -u)" = 0 ]; }

# step TIME WHAT COMMAND...: says what is done and how long that takes on two cores; then, while it goes on, for how long it has and what it is at.
# What the command writes is shown where it fails, and kept in target/logs.
step() {
  local time=$1 what=$2 log=$ROOT/target/logs/${2//[^a-zA-Z0-9.-]/-}.log reporter status options=$-
  shift 2
  say "$what ($time)"
  mkdir -p "${log%/*}"
  report_progress "$log" &
  reporter=$!
  # In the foreground, so that an interrupt reaches it; in no condition, where set -e would be off inside of functions.
  set +e
  (set -e; "$@") >"$log" 2>&1
  status=$?
  case $options in *e*) set -e ;; esac
  kill "$reporter" 2>/dev/null || true
  wait "$reporter" 2>/dev/null || true
  [ $status = 0 ] || { cat "$log" >&2; fail "$what failed; what it wrote is above, and in $log"; }
}

# report_progress LOG: on a terminal each second in place, elsewhere a line in 15 s, until it is ended or this script is.
report_progress() {
  local started=$SECONDS end="" last
  [ ! -t 1 ] || end='\r\033[K'
  trap 'printf "$end"; exit 0' TERM
  while kill -0 $$ 2>/dev/null; do
    # A trap waits for a program to end, but not for `wait`; the program must not hold this script's output open meanwhile.
    sleep 1 >/dev/null 2>&1 &
    wait $!
    last=$(tail -n 1 "$1" 2>/dev/null | sed 's/ ([^)]*)$//; s/^ *//' | cut -c 1-56)
    if [ -n "$end" ]; then
      printf "$end    %d s  %s" $((SECONDS - started)) "$last"
    elif [ $(((SECONDS - started) % 15)) = 14 ]; then
      printf '    %d s  %s\n' $((SECONDS - started)) "$last"
    fi
  done
}

case $ROOT in *:*) fail "$ROOT has a colon in its name, which PATH cannot hold; move the checkout" ;; esac
[ -n "${HOME:-}" ] || fail "the environment variable HOME is not set; tools are kept below it"
# The specification of XDG_CACHE_HOME says to ignore relative paths.
case ${XDG_CACHE_HOME:-} in /*) CACHE=$XDG_CACHE_HOME ;; *) CACHE=$HOME/.cache ;; esac
CACHE=$CACHE/worker-rpc-latency

# Whether a variable of the user's reaches the tools. Whatever could change what is built, where it lands, what is served or what
# is deployed does not; access (registries, proxies, certificates, accounts) and speed are the user's own.
is_honoured() {
  case $1 in
    CARGO_HOME | CARGO_BUILD_JOBS | CARGO_NET_* | CARGO_HTTP_* | CARGO_TERM_* | CARGO_REGISTR* | CARGO_SOURCE_*) ;;
    CARGO_TARGET_WASM32_*) return 1 ;;
    CARGO_TARGET_*_LINKER | RUSTC_WRAPPER) ;; # what links native code on this machine; a cache of the compiler's results
    CARGO_* | RUSTC | RUSTC_BOOTSTRAP | RUSTC_WORKSPACE_WRAPPER | RUSTDOC | RUSTFLAGS | RUSTDOCFLAGS | RUST_TARGET_PATH) return 1 ;;
    WASM_BINDGEN_* | WASM_OPT_BIN | CUSTOM_SHIM | RUN_TO_COMPLETION | COREDUMP* | NO_MINIFY | BINARYEN_* | ESBUILD_*) return 1 ;;
    NODE_OPTIONS | NODE_PATH | NODE_ENV | NODE_V8_COVERAGE) return 1 ;;
    [nN][pP][mM]_[cC][oO][nN][fF][iI][gG]_*)
      case $(printf %s "${1#???_??????_}" | tr '[:upper:]' '[:lower:]') in
        *registry* | *auth* | *proxy | ca | cafile | cert | key | certfile | keyfile | strict_ssl | userconfig | globalconfig | cache) ;;
        fetch_* | maxsockets | offline | prefer_offline | prefer_online | loglevel) ;;
        *) return 1 ;;
      esac
      ;;
    WRANGLER_API_ENVIRONMENT | WRANGLER_AUTH_* | WRANGLER_CLIENT_ID | WRANGLER_TOKEN_URL | WRANGLER_REVOKE_URL | WRANGLER_CF_AUTHORIZATION_TOKEN) ;;
    WRANGLER_* | MINIFLARE_* | CLOUDFLARE_ENV | CLOUDFLARE_INCLUDE_PROCESS_ENV | CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV | CLOUDFLARE_CF_FETCH_*) return 1 ;;
    WORKERS_CI* | OPEN_NEXT_DEPLOY | X_LOCAL_* | EXPERIMENTAL_MIDDLEWARE) return 1 ;;
    GIT_DIR | GIT_WORK_TREE | GIT_INDEX_FILE | GIT_OBJECT_DIRECTORY | GIT_COMMON_DIR | GIT_PREFIX | GIT_NAMESPACE) return 1 ;;
    BASH_ENV | ENV | GLOBIGNORE | GREP_OPTIONS | POSIXLY_CORRECT | GZIP | TAR_OPTIONS | LANGUAGE) return 1 ;;
  esac
}

# Takes away what is not honoured, and sets what the files of the user's (~/.cargo/config.toml) would else decide.
clean_environment() {
  local name
  DEPLOYED_ENVIRONMENT=${CLOUDFLARE_ENV:-} # scripts/deploy refuses it
  for name in $(compgen -e); do
    is_honoured "$name" || unset "$name"
  done
  # Here scripts look for what cargo built. Set but empty, RUSTFLAGS keeps out the flags of configuration files, too.
  export CARGO_TARGET_DIR=$ROOT/target CARGO_BUILD_BUILD_DIR=$ROOT/target RUSTFLAGS=""
  export WRANGLER_LOG=log WRANGLER_SEND_METRICS=false WRANGLER_SEND_ERROR_REPORTS=false WRANGLER_HIDE_BANNER=true
  # npm runs once; what it would keep for a second time stays behind in the user's folder of temporary files.
  export NODE_DISABLE_COMPILE_CACHE=1
  # In scripts, not in a terminal that sources this: numbers, classes of characters and messages are the same everywhere.
  case $- in *i*) ;; *) export LC_ALL=C ;; esac
}
clean_environment

# The version of a crate in Cargo.lock: the tools must be of the same version as the crates they serve.
locked_version() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/"/, ""); print $3; exit }' Cargo.lock
}

# Is the rustc of this folder new enough for Cargo.toml's rust-version?
new_enough() { at_least_oldest "$("$1/rustc" --version 2>/dev/null | sed 's/^rustc //')"; }

# at_least_oldest VERSION: is a Rust of that version?
at_least_oldest() {
  local minor oldest
  minor=$(minor_version "$1") oldest=$(minor_version "$(oldest_rust)")
  [ "${minor:-0}" -ge "$oldest" ]
}

minor_version() { sed -n 's/^1\.\([0-9]*\).*/\1/p' <<<"$1"; }

oldest_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }

wasm_library_folder() { "$1/rustc" --print target-libdir --target $WASM 2>/dev/null; }
has_wasm() { compgen -G "$(wasm_library_folder "$1")/libstd-*.rlib" >/dev/null; }

# The folders where a rustc and cargo may be, a line each: the user's own choice first, Debian's last.
rust_folders() {
  local rustc
  rustc=$(command -v rustc) && dirname "$rustc"
  echo "${CARGO_HOME:-$HOME/.cargo}/bin"
  echo /usr/bin
}

# The first of them that builds native and wasm code. One Rust for both: nothing is compiled twice.
find_rust() {
  local folder
  while IFS= read -r folder; do
    if new_enough "$folder" && has_wasm "$folder"; then echo "$folder"; return; fi
  done < <(rust_folders)
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
  PATH=$CACHE/tools/cargo-deny-$CARGO_DENY/bin:$PATH:$CACHE/tools/promtool/bin
  PATH=$ROOT/node_modules/.bin:$PATH
  WASM_BINDGEN_BIN=$CACHE/tools/wasm-bindgen-$bindgen/bin/wasm-bindgen
  ESBUILD_BIN=$ROOT/node_modules/.bin/esbuild WASM_OPT_BIN=$ROOT/node_modules/.bin/wasm-opt
  # The kind of bindings that the crate `worker` is made for; without it, asynchronous exports would go through another crate's queue.
  export WASM_BINDGEN_USE_JS_SYS=1
  export PATH
}
use_tools

# The tools of other versions, which may be in PATH, would make other Workers.
require_tools() {
  find_rust >/dev/null || fail "no Rust with the target $WASM; run scripts/setup"
  local tool
  for tool in "$WASM_BINDGEN_BIN" "$ESBUILD_BIN" "$WASM_OPT_BIN"; do
    [ -x "$tool" ] || fail "$tool is not installed; run scripts/setup"
  done
}

# The Workers are built with the release profile of Cargo.toml, whatever a configuration file of cargo says of profiles.
use_release_profile() {
  local name value
  while IFS='=' read -r name value; do
    export "CARGO_PROFILE_RELEASE_$name=$value"
  done < <(awk -F ' *= *' '/^\[/ { inside = $0 == "[profile.release]"; next }
    inside && NF == 2 { gsub(/-/, "_", $1); gsub(/"| *#.*/, "", $2); print toupper($1) "=" $2 }' Cargo.toml)
  export CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=false \
    CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=false CARGO_PROFILE_RELEASE_INCREMENTAL=false
}

# Builds the command line, $COMMAND_LINE. Cargo says where it put it: an old one elsewhere must not be taken for it.
COMMAND_LINE=$ROOT/target/debug/rpc-latency
build_command_line() { step "1 minute the first time" "compiling the command line" compile_command_line; }
compile_command_line() {
  local artifacts=target/command-line.ndjson built
  cargo build -p cli --bin rpc-latency --message-format=json-render-diagnostics >$artifacts
  built=$(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' $artifacts | tail -n 1)
  [ "$built" -ef "$COMMAND_LINE" ] ||
    fail "cargo put the command line into $built, not $COMMAND_LINE: a configuration file of cargo (~/.cargo/config.toml, or .cargo/config.toml in a folder around the checkout) sets build.target; remove that, or set it for the projects that need it"
}

# own_runtimes [OPTION...]: of the runtimes that options name after --runtimes, those that this checkout builds beside the native one.
own_runtimes() {
  local option previous="" named="" name
  for option; do
    case $option in --runtimes=*) named+=,${option#*=} ;; esac
    [ "$previous" != --runtimes ] || named+=,$option
    previous=$option
  done
  for name in ${named//,/ }; do
    [ ! -f "$ROOT/$name-runtime/Cargo.toml" ] || printf ',%s' "$name"
  done
}

# prepare [OPTION...]: sets up and builds everything that a run with these options serves. Its messages are for people, so they go to standard error; whoever closes that has read enough, and
# the work goes on.
prepare() {
  if [ -t 2 ]; then
    set_up_and_build "$@" >&2
  else
    set_up_and_build "$@" 2>&1 | (
      trap '' PIPE
      while IFS= read -r line || [ -n "$line" ]; do
        printf '%s\n' "$line" >&2 2>/dev/null || true
      done
    )
  fi
  use_tools
}

set_up_and_build() {
  local runtimes cold=""
  scripts/setup
  use_tools
  runtimes=$(own_runtimes "$@")
  case " $* " in *" --cold-starts"*) cold=--cold-starts ;; esac
  # shellcheck disable=SC2086
  scripts/build ${runtimes:+--runtimes native$runtimes} $cold
  build_command_line
}

# The Workers of this checkout have just been built; those of another one might be old.
refuse_project_option() {
  local option
  for option; do
    case $option in
      --project | --project=*) fail "this builds and serves the Workers of its own checkout, $ROOT; for those of another, run its own scripts" ;;
    esac
  done
}
