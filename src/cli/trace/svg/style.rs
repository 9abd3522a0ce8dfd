//! The colours of the drawing, for light and for dark pages.

/// What the file's own `<style>` says. The font is whatever the reader's machine has of one width: lines are measured in
/// columns.
pub(crate) const STYLE: &str = "
text { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1f2328 }
.title { font-size: 17px; font-weight: 700 }
.name { font-size: 12px; font-weight: 700 }
.says { fill: #59636e }
.good-text { fill: #1a7f37; font-weight: 700 }
.bad-text { fill: #cf222e; font-weight: 700 }
.tube-text { fill: #0550ae }
.paper { fill: #ffffff }
.veil { fill: #ffffff; fill-opacity: .85 }
.tube-veil { fill: #ebf8ff; fill-opacity: .85 }
.box { fill: #f6f8fa; stroke: #afb8c1 }
.head { fill: #f6f8fa; stroke: #656d76; stroke-width: 1.5 }
.unseen { fill: #ffffff; stroke: #656d76; stroke-dasharray: 4 3 }
.good-box { fill: #f2fcf4; stroke: #1a7f37 }
.bad-box { fill: #fff5f4; stroke: #cf222e; stroke-width: 2 }
.band { fill: #fff8c5; stroke: #bf8700; stroke-dasharray: 6 4 }
.tube { fill: #ddf4ff; fill-opacity: .6; stroke: #54aeff; stroke-dasharray: 2 3 }
.lifeline { stroke: #afb8c1 }
.unseen-line { stroke: #afb8c1; stroke-dasharray: 4 4 }
.arrow { stroke: #424a53; stroke-width: 1.5; fill: none }
.tip { fill: #424a53 }
.good { stroke: #1a7f37; stroke-width: 2; fill: none }
.bad { stroke: #cf222e; stroke-width: 2; fill: none }
.lost { stroke: #cf222e; stroke-width: 2; stroke-dasharray: 5 4; fill: none }
.bad-tip { fill: #cf222e }
.lock { fill: #0969da }
.shackle { stroke: #0969da; stroke-width: 1.5; fill: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .says { fill: #9da7b3 }
  .good-text { fill: #3fb950 }
  .bad-text { fill: #ff7b72 }
  .tube-text { fill: #79c0ff }
  .paper, .veil, .unseen { fill: #0d1117 }
  .tube-veil { fill: #0d1931 }
  .box, .head { fill: #161b22; stroke: #57606a }
  .good-box { fill: #0f1f15; stroke: #3fb950 }
  .bad-box { fill: #25171a; stroke: #f85149 }
  .band { fill: #2b2410; stroke: #d29922 }
  .tube { fill: #0c2d6b; fill-opacity: .4; stroke: #388bfd }
  .lifeline, .unseen-line { stroke: #484f58 }
  .arrow { stroke: #c9d1d9 }
  .tip { fill: #c9d1d9 }
  .good { stroke: #3fb950 }
  .bad, .lost { stroke: #f85149 }
  .bad-tip { fill: #f85149 }
  .lock { fill: #58a6ff }
  .shackle { stroke: #58a6ff }
}
";
