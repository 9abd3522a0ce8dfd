//! The colour of each path, the same in every drawing and in every run.

use crate::load::{PathReport, Run, path_and_times};

/// Our own paths have the first ones.
const OURS: [&str; 5] = ["direct", "raw", "tls", "mtls", "hbone"];

/// All the colours that the style knows.
const COLOURS: usize = 8;

/// The number of a path's colour: `.f4` fills with it, `.s4` draws lines with it.
pub(crate) fn slot(run: &Run, path: &PathReport) -> usize {
    let (name, _) = path_and_times(&path.name);
    if let Some(at) = OURS.iter().position(|ours| *ours == name) {
        return at;
    }
    let mut others: Vec<&str> = Vec::new();
    for other in run.paths.iter().map(|path| path_and_times(&path.name).0) {
        if !OURS.contains(&other) && !others.contains(&other) {
            others.push(other);
        }
    }
    let at = others.iter().position(|other| *other == name).unwrap_or(0);
    OURS.len() + at % (COLOURS - OURS.len())
}

/// Names at the ends of lines, moved apart so that each can be read: from where they should stand to where they do.
pub(crate) fn apart(wanted: &[f64], gap: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| at(wanted, *a).total_cmp(&at(wanted, *b)));
    let mut places = wanted.to_vec();
    let mut least = top;
    for index in &order {
        let place = at(wanted, *index).max(least);
        set(&mut places, *index, place);
        least = place + gap;
    }
    let mut most = bottom;
    for index in order.iter().rev() {
        let place = at(&places, *index).min(most);
        set(&mut places, *index, place);
        most = place - gap;
    }
    places
}

fn at(places: &[f64], index: usize) -> f64 {
    places.get(index).copied().unwrap_or_default()
}

fn set(places: &mut [f64], index: usize, place: f64) {
    if let Some(known) = places.get_mut(index) {
        *known = place;
    }
}

/// A name that fits beside a drawing.
pub(crate) fn short(name: &str, letters: usize) -> String {
    match name.chars().count() <= letters {
        true => name.to_owned(),
        false => name.chars().take(letters.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_stand_on_each_other() {
        assert_eq!(apart(&[10.0, 12.0, 100.0], 14.0, (0.0, 200.0)), [10.0, 24.0, 100.0]);
        assert_eq!(apart(&[200.0, 199.0], 14.0, (0.0, 200.0)), [200.0, 186.0]);
        assert_eq!(apart(&[], 14.0, (0.0, 200.0)), [0.0; 0]);
        assert_eq!(short("hbone", 8), "hbone");
        assert_eq!(short("a long name", 8), "a long …");
    }
}
