# Every command a developer runs. Each line also works without just.

# List the recipes
default:
    @just --list

# Build everything and run the quick experiment to its table
quick:
    cargo build --release && target/release/stress-run --quick

# Run all tests
test:
    cargo test --locked --workspace

# What CI runs: tests, format, clippy, docs
check:
    bash .ci/run

# Format the code
format:
    cargo fmt --all

# Rewrite the golden files, and what people read of the reference runs of chatsim; review the difference
golden:
    TRYCMD=overwrite cargo test --locked --workspace --test help
    for run in results/reference-chat/*; do cargo run -q -p chatsim -- report "$run"; done

# Property tests with many more cases than CI runs
properties:
    PROPTEST_CASES=20000 cargo test --release -p protocol --test properties

# Fuzz each part of the protocol, and what peers send, for SECONDS; needs a C++ compiler
fuzz SECONDS="60":
    crates/protocol/fuzz/run {{ SECONDS }}
    crates/searching/fuzz/run {{ SECONDS }}

# The whole experiment: thread and process mode, full volumes, 108 rows
experiment:
    cargo build --release && target/release/stress-run

# Memory under 50 transfers of 100 MB at once, in every mode
memory:
    KOLAM_TEST_MB=100 cargo test --release -p fileserver --test memory

# The tests with a bucket, full: a thousand uploads while servers are killed, and all that a server does. With
# Garage too, if it is there: cargo install garage --locked --no-default-features --features bundled-libs,sqlite
bucket:
    cargo build --release -p filebalancer -p fileserver --features fileserver/bucket
    KOLAM_BUCKET=full cargo test --release -p fileserver --features bucket --test bucket -- --nocapture
    cargo test --release -p fileserver --features bucket --test behaviour --test model in_a_bucket

# Faults of every kind at full scale, some minutes: 5,000 idle clients, 200 killed workers, a disk
# that is full at any write, every operation of storage failing, random clients against a model
fault ROUNDS="100":
    cargo test --release -p protocol -p storage -p file-service
    cargo test --release -p fileserver --lib --test behaviour --test confinement --test hostile --test process_pool
    KOLAM_FAULT=full cargo test --release -p fileserver --test faults -- --nocapture --test-threads 2
    KOLAM_MODEL_ROUNDS={{ ROUNDS }} cargo test --release -p fileserver --test model

# The Debian package of the four programs, in target/debian; of chatsim and filepeer too where they are built
deb:
    cargo build --release && bash packaging/deb

# Serve ./files
serve *ARGS:
    cargo run --release -p fileserver -- {{ ARGS }}
