#!/bin/sh
# Builds the fuzz target with the instrumentation that stable Rust supports, and runs it with these
# arguments. Uses the corpus, unless the arguments name other folders.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    coverage="$coverage -Cllvm-args=-sanitizer-coverage-$option"
done
target=${CARGO_TARGET_DIR:-$here/target}
# With --target, cargo builds the build scripts without RUSTFLAGS.
RUSTFLAGS="--cfg fuzzing $coverage -Ccodegen-units=1 -Cdebug-assertions" \
    ${CARGO:-cargo} build --release --manifest-path "$here/Cargo.toml" \
    --target "$host" --target-dir "$target" >&2
for argument; do
    case $argument in
        -*) ;;
        *) exec "$target/$host/release/any_payload" "$@" ;;
    esac
done
mkdir -p "$here/artifacts/any_payload" "$here/corpus/any_payload"
exec "$target/$host/release/any_payload" \
    -artifact_prefix="$here/artifacts/any_payload/" "$@" "$here/corpus/any_payload"
