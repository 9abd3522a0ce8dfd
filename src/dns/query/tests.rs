//! Messages as clients write them, and every way to spoil one.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::*;

/// `a.b A IN` with `additional` records behind it.
fn message(flags: u16, counts: [u16; 4], tail: &[u8]) -> Vec<u8> {
    let mut message = vec![0x12, 0x34];
    message.extend(flags.to_be_bytes());
    counts.iter().for_each(|count| message.extend(count.to_be_bytes()));
    message.extend(b"\x01a\x01b\0\0\x01\0\x01");
    message.extend(tail);
    message
}

const OPT_4096: &[u8] = &[0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn a_query_is_read_with_its_edns() {
    let query = Query::read(&message(0x0100, [1, 0, 0, 1], OPT_4096)).unwrap();
    assert_eq!(query.header, Header { id: 0x1234, flags: 0x0100 });
    assert_eq!(query.question.name.text().as_deref(), Some("a.b"));
    assert_eq!((query.question.kind, query.question.class), (1, 1));
    assert_eq!(query.edns, Some(Edns { size: 4096, version: 0 }));
    assert_eq!(Query::read(&message(0x0100, [1, 0, 0, 0], &[])).unwrap().edns, None);
}

#[test]
fn what_is_no_query_says_why() {
    let check = |message: &[u8], expect: Option<Code>| match (Query::read(message), expect) {
        (Err(Bad::Ignored), None) => {}
        (Err(Bad::Refused(header, code)), Some(expect)) => {
            assert_eq!((header.id, code), (0x1234, expect), "{message:?}");
        }
        (other, _) => panic!("{message:?}: {other:?}"),
    };
    let good = message(0x0100, [1, 0, 0, 0], &[]);
    (0..12).for_each(|length| check(&good[..length], None));
    (12..good.len()).for_each(|length| check(&good[..length], Some(Code::FormatError)));
    check(&message(0x8100, [1, 0, 0, 0], &[]), None);
    check(&message(0x2800, [1, 0, 0, 0], &[]), Some(Code::NotImplemented));
    check(&message(0, [0, 0, 0, 0], &[]), Some(Code::FormatError));
    check(&message(0, [2, 0, 0, 0], b"\x01c\0\0\x01\0\x01"), Some(Code::FormatError));
    check(&message(0, [1, 65535, 65535, 65535], &[]), Some(Code::FormatError));
    check(&message(0, [1, 0, 0, 2], &[OPT_4096, OPT_4096].concat()), Some(Code::FormatError));
    check(&message(0, [1, 0, 0, 1], &OPT_4096[..10]), Some(Code::FormatError));
    // A pointer to itself, where the question's name should be.
    let mut looped = good;
    looped.splice(12..17, [0xc0, 0x0c]);
    check(&looped, Some(Code::FormatError));
}

#[test]
fn an_answer_belongs_to_its_question() {
    let query = Query::read(&message(0x0100, [1, 0, 0, 0], &[])).unwrap();
    let answer = message(0x8180, [1, 1, 0, 0], b"whatever follows");
    assert!(query.is_answered_by(&answer));
    let spoilt = |at: usize| {
        let mut spoilt = answer.clone();
        spoilt[at] ^= 0x80;
        query.is_answered_by(&spoilt)
    };
    // Id, QR, count of questions, name, type.
    assert!([0, 1, 2, 4, 13, 18].into_iter().all(|at| !spoilt(at)));
    assert!(!query.is_answered_by(&answer[..14]) && !query.is_answered_by(&[]));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..600)) {
        let _ = Query::read(&bytes);
    }

    /// Random bytes seldom get past the header; these do.
    #[test]
    fn no_bytes_behind_a_good_header_panic(counts in any::<[u16; 3]>(), tail in vec(any::<u8>(), 0..600)) {
        let [answers, authorities, additional] = counts.map(|count| count % 8);
        let good = message(0, [1, answers, authorities, additional], &tail);
        if let Ok(query) = Query::read(&good) {
            let mut answer = good;
            answer[2] |= 0x80;
            assert!(query.is_answered_by(&answer));
        }
    }
}
