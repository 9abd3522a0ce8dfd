//! `bench`: measuring, and showing what was measured.

mod figures;
mod words;
mod cells;
mod text;
mod hgrm;
mod html;
mod save;
mod compare;
mod report;

pub use compare::{
    ComparisonShape, markdown as bench_comparison_markdown, run as bench_compare,
    text as bench_comparison_text,
};
pub use hgrm::hgrm as bench_hgrm;
pub use html::page as bench_page;
pub use report::{ReportShape, run as bench_report};
pub use save::{Saved, save as bench_save};
pub use text::table as bench_table;
