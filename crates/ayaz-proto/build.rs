//! Generates the wire types. `protox` parses the schema in Rust, so no `protoc` is needed.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let schema = root.join("ayaz/telemetry/v1/telemetry.proto");
    println!("cargo::rerun-if-changed={}", schema.display());
    let descriptors = protox::compile([&schema], [&root])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
