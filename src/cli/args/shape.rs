//! How downloads show bundles.

use super::known;
use crate::commands::Shape;

/// The flag that chooses.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct ShapeArgs {
    /// Show bundles as bundles or, with legacy, as cosign 2 shows what is under tags (default bundle)
    #[arg(long, value_name = "SHAPE", value_parser = known(&["bundle", "legacy"], shape))]
    pub output_format: Option<Shape>,
}

impl ShapeArgs {
    /// The shape asked for.
    pub fn shape(&self) -> Shape {
        self.output_format.unwrap_or_default()
    }
}

fn shape(text: &str) -> Result<Shape, String> {
    match text {
        "bundle" => Ok(Shape::Stored),
        "legacy" => Ok(Shape::Legacy),
        _ => Err("expected bundle or legacy".to_owned()),
    }
}
