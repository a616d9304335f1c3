# Daily commands. `just` lists them (cargo install just); each is one line that can be typed without it.

set positional-arguments := true

# The list of recipes
default:
    @just --list

# The whole system on http://localhost:4000; `just run --help` tells the options
run *args:
    cargo run -p vara-local -- "$@"

# All tests
test *args:
    cargo test --workspace "$@"

# One crate's tests: just test-one vara store::
test-one crate *args:
    cargo test -p "$@"

# The system driven through its gateway, or the cases whose names hold a text
system *filter:
    cargo test -p vara-tests --test system -- "$@"

# The long soak: chaos, then what was planted against what is reported
soak:
    cargo test --release -p vara-tests --test soak -- --scans 1000 --kills 200 --users 40 --seed 7

# Formatting of the sources
fmt:
    cargo fmt --all

# Formatting, clippy and the checks of the template
lint: template
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# AWS's checks of the template, and our own rules
template:
    python3 infra/checks/check.py
    cargo test -p vara-tests --test template

# The template on an AWS emulator with IAM enforced
ministack:
    cargo run -p vara-local --locked -- --on ministack

# Links and named places in the documents, and the documentation of the crates
docs:
    cargo test -p vara-tests --test docs
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# Writes the description of the API from the sources
openapi:
    cargo run -p vara-openapi

# Fuzzes the API by its description
fuzz examples="200":
    python3 infra/openapi/fuzz.py "$1"

# Fuzzes the checks of evidence: token or pack (cargo install cargo-fuzz)
fuzz-evidence target seconds="600":
    shared/evidence/fuzz/run "$1" "$2"

# Fuzzes the imaging crate: decode, strip, pdq_text, exif or fingerprint (cargo install cargo-fuzz)
fuzz-imaging target seconds="600":
    shared/imaging/fuzz/run "$1" "$2"

# Benches of the imaging crate
bench *args:
    RTEN_NUM_THREADS=1 cargo bench -p vara-imaging "$@"

# Each call of the API with 32 women at once
load *args:
    infra/load/run "$@"

# Licences, bans and sources of the dependencies
deny:
    .ci/deny check bans licenses sources

# Known weaknesses of the dependencies; needs github.com
advisories:
    .ci/deny check advisories

# The functions for deployment; --x86-64 where the stage's Architecture says so
build architecture="--arm64":
    cargo lambda build --release "$1"

# Deploys a stage of infra/stages; secrets come from the environment
deploy stage *args:
    cargo run -p vara-deploy -- "$@"

# Moves the rows of a table: just migrate status --table NAME [--endpoint URL]
migrate *args:
    cargo run -p vara-migrations -- "$@"

# Everything that must hold before a change goes in
ci:
    .ci/run
