//! The colours and sizes of the page, for light, dark and paper.

/// What the page's own `<style>` says. The paths' colours are told apart without red against green (after Okabe and Ito), and
/// each line has its own dashes and its name at its end: no meaning is in a colour alone.
pub(crate) const STYLE: &str = "
:root { --paper: #fff; --card: #f6f8fa; --ink: #1f2328; --soft: #57606a; --line: #d0d7de; --grid: #e7ebef; --doubt: #7a4d00;
  --doubt-card: #fff8e1; --doubt-line: #d4a72c; --p0: #6e7781; --p1: #0072b2; --p2: #007a5e; --p3: #a3468c; --p4: #c94f00;
  --p5: #3b4cc0; --p6: #7d5a00; --p7: #2b2f36; --source: #0b5a94; --destination: #4a9fd4; --server: #8c959f; --generator: #dfe4e9 }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --card: #161b22; --ink: #e6edf3; --soft: #9da7b3; --line: #30363d;
  --grid: #21262d; --doubt: #f0c05a; --doubt-card: #2b2410; --doubt-line: #9e7b1f; --p0: #a0a8b2; --p1: #58aee8; --p2: #3fc7a1;
  --p3: #e08fc8; --p4: #ff8a4c; --p5: #98a5ff; --p6: #d9b44a; --p7: #f0f3f6; --source: #2f81c4; --destination: #8ccbf5;
  --server: #7d8590; --generator: #2d333b } }
@media print { :root { --paper: #fff; --card: #f6f8fa; --ink: #000; --soft: #444; --line: #bbb; --grid: #ddd; --doubt: #5c3a00;
  --doubt-card: #fff; --doubt-line: #5c3a00; --p0: #6e7781; --p1: #0072b2; --p2: #007a5e; --p3: #a3468c; --p4: #c94f00; --p5: #3b4cc0;
  --p6: #7d5a00; --p7: #2b2f36; --source: #0b5a94; --destination: #4a9fd4; --server: #8c959f; --generator: #dfe4e9 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; -webkit-print-color-adjust: exact; print-color-adjust: exact }
main { max-width: 1160px; margin: 0 auto; padding: 40px 24px 72px }
.kind { margin: 0; color: var(--soft); font-size: 13px; letter-spacing: .04em }
h1 { margin: 2px 0 6px; font-size: 32px; line-height: 1.2; overflow-wrap: anywhere }
h2 { margin: 56px 0 4px; font-size: 20px; line-height: 1.3 }
h3 { margin: 28px 0 4px; font-size: 15px }
p { margin: 0 0 10px; max-width: 74ch }
.says { color: var(--soft) }
.facts { display: flex; flex-wrap: wrap; gap: 6px; margin: 14px 0 0; padding: 0; list-style: none }
.facts li { padding: 2px 10px; border: 1px solid var(--line); border-radius: 99px; background: var(--card); font-size: 13px }
.doubt { margin: 20px 0 0; padding: 12px 16px; border: 1px solid var(--doubt-line); border-left-width: 5px; border-radius: 8px; background: var(--doubt-card) }
.doubt b { color: var(--doubt) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 16px 0 20px }
.card { padding: 16px 18px; border: 1px solid var(--line); border-radius: 12px; background: var(--card) }
.card b { display: block; font-size: 27px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; white-space: nowrap }
.card b small { font-size: 16px; font-weight: 400; color: var(--soft) }
.card span { color: var(--soft); font-size: 13px }
.scroll { overflow-x: auto; margin: 12px 0 0; background: linear-gradient(90deg, var(--paper) 40%, transparent) 0 0 / 48px 100% no-repeat local,
  linear-gradient(270deg, var(--paper) 40%, transparent) 100% 0 / 48px 100% no-repeat local,
  linear-gradient(90deg, var(--line), transparent) 0 0 / 14px 100% no-repeat scroll,
  linear-gradient(270deg, var(--line), transparent) 100% 0 / 14px 100% no-repeat scroll }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { padding: 7px 7px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th { color: var(--soft); font-weight: 500; font-size: 12.5px; vertical-align: bottom }
tbody th { color: var(--ink); font-weight: 600; font-size: 13px; white-space: normal; min-width: 96px }
.left, th:first-child, td:first-child { text-align: left }
td small { color: var(--soft) }
.key { display: inline-block; width: 10px; height: 10px; margin-right: 8px; border-radius: 3px }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 13px }
figure { margin: 14px 0 0 }
svg { display: block; width: 100%; height: auto }
.narrow { display: none }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); gap: 8px 28px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 12px 0 0; font-size: 14px }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere }
pre { margin: 12px 0 0; padding: 12px 16px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); white-space: pre-wrap }
summary { cursor: pointer; color: var(--soft); font-size: 14px; margin-top: 10px }
.notes { margin: 10px 0 0; padding-left: 20px }
.notes code { color: var(--soft) }
text { font-size: 12px; fill: var(--ink); font-variant-numeric: tabular-nums }
.tick, .axis { fill: var(--soft) }
.name { font-weight: 600 }
.halo { stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke }
.grid { stroke: var(--grid); fill: none }
.zero { stroke: var(--soft); fill: none }
.whisker { stroke: var(--ink); stroke-width: 1.5; fill: none }
.link { stroke: var(--soft); stroke-dasharray: 2 3; fill: none }
.band { fill: var(--ink); fill-opacity: .09 }
.s0, .s1, .s2, .s3, .s4, .s5, .s6, .s7 { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.s0 { stroke: var(--p0); stroke-dasharray: 1 4; stroke-width: 2.5 } .s1 { stroke: var(--p1); stroke-dasharray: 8 4 }
.s2 { stroke: var(--p2); stroke-dasharray: 8 3 2 3 } .s3 { stroke: var(--p3); stroke-dasharray: 3 3 } .s4 { stroke: var(--p4); stroke-width: 2.75 }
.s5 { stroke: var(--p5); stroke-dasharray: 12 4 } .s6 { stroke: var(--p6); stroke-dasharray: 12 3 2 3 2 3 } .s7 { stroke: var(--p7); stroke-dasharray: 5 5 }
.plain { stroke-dasharray: none }
.f0 { fill: var(--p0); background: var(--p0) } .f1 { fill: var(--p1); background: var(--p1) } .f2 { fill: var(--p2); background: var(--p2) }
.f3 { fill: var(--p3); background: var(--p3) } .f4 { fill: var(--p4); background: var(--p4) } .f5 { fill: var(--p5); background: var(--p5) }
.f6 { fill: var(--p6); background: var(--p6) } .f7 { fill: var(--p7); background: var(--p7) }
.source { fill: var(--source); background: var(--source) } .destination { fill: var(--destination); background: var(--destination) }
.server { fill: var(--server); background: var(--server) } .generator { fill: var(--generator); background: var(--generator); stroke: var(--server); stroke-dasharray: 2 2 }
.key.generator { border: 1px dashed var(--server) }
@media (max-width: 640px) { main { padding: 24px 16px 48px } h1 { font-size: 26px } h2 { margin-top: 44px } .wide { display: none } .narrow { display: block }
  dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: 8px } th, td { padding: 6px 9px } .card b { font-size: 24px } }
@media print { body { font-size: 12px } main { max-width: none; padding: 0 } figure, tr, .card { break-inside: avoid } h2, h3 { break-after: avoid } .wide { display: block } .narrow { display: none } }
";
