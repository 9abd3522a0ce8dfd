//! What lies behind the rows: the lifelines, and the tubes in which the TLS hides what it carries.

use crate::cli::trace::svg::canvas::{Canvas, lane_x};
use crate::cli::trace::words::{is_seen, target};
use crate::glass::{Event, Lane, Sequence};

/// A run of encrypted events between the same two lanes, by their places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tube {
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The lane at its left and the one at its right.
    pub(crate) between: (Lane, Lane),
}

/// Where the rows were drawn.
pub(crate) struct Rows {
    pub(crate) tubes: Vec<Tube>,
    /// From where to where each row reaches.
    pub(crate) spans: Vec<(i32, i32)>,
}

/// The lanes of an arrow, from left to right; `None` for what happens in one lane.
pub(crate) fn between(event: &Event) -> Option<(Lane, Lane)> {
    target(event).map(|to| (event.lane.min(to), event.lane.max(to)))
}

/// Where tubes begin and end. What happens beside a tube does not end it; an arrow in the clear in its place does.
pub(crate) fn find_tubes(events: &[Event]) -> Vec<Tube> {
    let mut tubes: Vec<Tube> = Vec::new();
    let mut open: Option<Tube> = None;
    for (at, event) in events.iter().enumerate() {
        let Some(lanes) = between(event) else { continue };
        open = match open {
            Some(tube) if event.encrypted && tube.between == lanes => Some(Tube { last: at, ..tube }),
            Some(tube) if !event.encrypted && !overlap(tube.between, lanes) => Some(tube),
            _ => {
                tubes.extend(open);
                event.encrypted.then_some(Tube { first: at, last: at, between: lanes })
            }
        };
    }
    tubes.extend(open);
    tubes
}

fn overlap(one: (Lane, Lane), other: (Lane, Lane)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// Draws the lifelines.
pub(crate) fn lifelines(canvas: &mut Canvas, sequence: &Sequence, span: (i32, i32)) {
    for lane in Lane::ALL {
        let class = if is_seen(sequence, lane) { "lifeline" } else { "unseen-line" };
        canvas.line_behind(class, lane_x(lane), span);
    }
}

/// Draws the tubes.
pub(crate) fn tubes(canvas: &mut Canvas, rows: &Rows) {
    for tube in &rows.tubes {
        let (Some(first), Some(last)) = (rows.spans.get(tube.first), rows.spans.get(tube.last)) else {
            continue;
        };
        let (left, right) = (lane_x(tube.between.0), lane_x(tube.between.1));
        let size = (right - left, last.1 - first.0);
        canvas.rectangle_behind("tube", (left, first.0), size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glass::Tone;

    fn event(lane: Lane, to: Lane, encrypted: bool) -> Event {
        let (name, says) = (String::new(), String::new());
        Event {
            at_ns: 0,
            lane,
            to: Some(to),
            name,
            says,
            bytes: None,
            encrypted,
            lost: false,
            tone: Tone::Plain,
            detail: None,
        }
    }

    #[test]
    fn a_tube_ends_only_where_something_stands_in_its_place() {
        use Lane::{App, Backend, Destination, Source};
        let check = |events: &[Event], expect: &[(usize, usize)]| {
            let found: Vec<_> = find_tubes(events).iter().map(|tube| (tube.first, tube.last)).collect();
            assert_eq!(found, expect);
        };
        let inside = event(Destination, Source, true);
        check(&[], &[]);
        check(&[event(Source, Destination, false)], &[]);
        check(&[inside.clone(), event(Destination, Backend, false), inside.clone()], &[(0, 2)]);
        check(&[inside.clone(), event(App, Source, false)], &[(0, 0)]);
        check(&[inside.clone(), event(App, Backend, false), inside.clone()], &[(0, 0), (2, 2)]);
        check(&[inside, event(App, Source, true)], &[(0, 0), (1, 1)]);
    }
}
