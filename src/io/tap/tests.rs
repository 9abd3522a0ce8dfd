//! What is kept, what is not, and who forgets first.

use super::*;

const MOST: usize = 1 << 10;

#[test]
fn what_was_written_is_kept_and_no_more() {
    let tap = Tap::new(MOST);
    tap.keep_slices(tap.now(), &[IoSlice::new(b"abc"), IoSlice::new(b"defg"), IoSlice::new(b"hi")], 5);
    tap.keep(Direction::In, tap.now(), b"");
    let kept: Vec<_> = tap.chunks().into_iter().map(|chunk| (chunk.direction, chunk.bytes)).collect();
    assert_eq!(kept, [(Direction::Out, "abc".into()), (Direction::Out, "de".into())]);
}

#[test]
fn a_long_connection_is_kept_in_part() {
    let tap = Tap::new(MOST);
    for _ in 0..20 {
        tap.keep(Direction::In, tap.now(), &[7; MOST / 8 + 1]);
    }
    assert_eq!(tap.chunks().iter().map(|chunk| chunk.bytes.len()).sum::<usize>(), MOST);
    assert!(tap.is_full());
    for _ in 0..2 * MOST_SECRETS {
        tap.keep_secret("CLIENT_TRAFFIC_SECRET_0", &[1; 32], &[2; 48]);
    }
    assert_eq!(tap.secrets().len(), MOST_SECRETS);
}

#[test]
fn the_first_end_of_a_direction_counts() {
    let tap = Tap::new(MOST);
    tap.end(Direction::In, false);
    tap.end(Direction::In, true);
    tap.end(Direction::Out, true);
    let ends: Vec<_> = tap.ends().iter().map(|ended| (ended.direction, ended.is_reset)).collect();
    assert_eq!(ends, [(Direction::In, false), (Direction::Out, true)]);
}

#[test]
fn a_secret_shows_itself_only_when_asked() {
    let tap = Tap::new(MOST);
    tap.keep_secret("EXPORTER_SECRET", &[0xab; 2], &[0x01, 0xff]);
    let [secret] = <[Secret; 1]>::try_from(tap.secrets()).unwrap();
    assert_eq!(secret.line(), "EXPORTER_SECRET abab 01ff");
    assert_eq!(secret.secret_bytes(), [0x01, 0xff]);
    assert_eq!(format!("{secret:?} {tap:?}"), "Secret(EXPORTER_SECRET) Tap(0 bytes)");
}

#[test]
fn the_oldest_forget_first() {
    let budget = TapBudget::new(3 * MOST);
    let fill = || {
        let tap = budget.tap(MOST);
        tap.keep_secret("EXPORTER_SECRET", &[1], &[2]);
        tap.keep(Direction::In, tap.now(), &[7; MOST]);
        tap
    };
    let taps: Vec<Tap> = (0..6).map(|_| fill()).collect();
    let kept: Vec<bool> = taps.iter().map(|tap| !tap.is_forgotten()).collect();
    assert_eq!(kept, [false, false, false, true, true, true]);
    let forgotten = &taps[0];
    assert!(forgotten.chunks().is_empty() && forgotten.secrets().is_empty() && forgotten.is_full());
    forgotten.keep(Direction::In, forgotten.now(), b"more");
    assert!(forgotten.chunks().is_empty());
}

#[test]
fn what_is_dropped_costs_nothing() {
    let budget = TapBudget::new(MOST);
    for _ in 0..100 {
        let tap = budget.tap(MOST);
        tap.keep(Direction::In, tap.now(), &[7; MOST]);
        assert!(!tap.is_forgotten());
    }
    assert_eq!(budget.books.kept.load(Ordering::Relaxed), 0);
    assert_eq!(budget.books.taps.lock().unwrap().len(), 1);
}

#[test]
fn one_that_lives_long_keeps_nobody_behind_it() {
    let budget = TapBudget::new(MOST);
    let _tunnel = budget.tap(MOST);
    (0..10_000).for_each(|_| drop(budget.tap(MOST)));
    assert!(budget.books.taps.lock().unwrap().len() <= FEW);
    let all: Vec<Tap> = (0..1_000).map(|_| budget.tap(MOST)).collect();
    assert_eq!(budget.books.taps.lock().unwrap().iter().filter(|tap| tap.strong_count() > 0).count(), 1_001);
    drop(all);
}
