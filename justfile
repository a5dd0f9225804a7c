# Every command a developer runs. Each line also works without just.

# List the recipes
default:
    @just --list

# Build everything and run the quick experiment to its table
quick:
    cargo build --release && target/release/stress-run --quick

# Run all tests
test:
    cargo test --workspace

# What CI runs: tests, format, clippy, docs
check:
    bash .ci/run

# Format the code
format:
    cargo fmt --all

# Rewrite the golden files; review the difference
golden:
    TRYCMD=overwrite cargo test --workspace --test help

# Property tests with many more cases than CI runs
properties:
    PROPTEST_CASES=20000 cargo test --release -p protocol --test properties

# Fuzz each part of the protocol for SECONDS; needs a C++ compiler
fuzz SECONDS="60":
    crates/protocol/fuzz/run {{ SECONDS }}

# Check what many random clients see against a model, for minutes instead of seconds
fault ROUNDS="100":
    KOLAM_MODEL_ROUNDS={{ ROUNDS }} cargo test --release -p fileserver --test model

# The whole experiment: both modes, full volumes, 108 rows
experiment:
    cargo build --release && target/release/stress-run

# Memory under 50 transfers of 100 MB at once, in every mode
memory:
    KOLAM_TEST_MB=100 cargo test --release -p fileserver --test memory

# Serve ./files
serve *ARGS:
    cargo run --release -p fileserver -- {{ ARGS }}
