//! `trace`: one connection drawn.

mod words;
mod mermaid;
mod svg;
mod bytes;

pub use bytes::render as trace_bytes;
pub use mermaid::render as trace_mermaid;
pub use svg::render as trace_svg;
