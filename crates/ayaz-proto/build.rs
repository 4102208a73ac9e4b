//! Generates the wire types. `protox` parses the schema in Rust, so no `protoc` is needed.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let schema = root.join("ayaz/telemetry/v1/telemetry.proto");
    println!("cargo::rerun-if-changed={}", schema.display());
    let descriptors = protox::compile([&schema], [&root])?;
    // Ingest decodes readings without the structures of prost, which does not export the field numbers.
    let mut messages = String::from("&[");
    let mut reading = String::new();
    for message in descriptors.file.iter().flat_map(|file| &file.message_type) {
        let mut fields = String::from("&[");
        for field in &message.field {
            fields += &format!("(\"{}\", {}), ", field.name(), field.number());
        }
        fields += "]";
        messages += &format!("(\"{}\", {fields}), ", message.name());
        if message.name() == "Reading" {
            reading = fields;
        }
    }
    messages += "]";
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("reading_fields.rs"), reading)?;
    std::fs::write(Path::new(&out).join("message_fields.rs"), messages)?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
