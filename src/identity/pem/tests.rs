//! Tests of the PEM files: what is read back, what is refused, and with which rights files appear.

use super::*;
use crate::reason::Reason as _;

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-pem-{:016x}", rand::random::<u64>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn base64_is_the_standards() {
    for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
}

#[test]
fn a_key_round_trips_and_is_private_from_the_start() {
    let folder = Folder::new();
    let path = folder.0.join("key.pem");
    let key = PrivateKeyDer::from_pkcs8((0..=255).collect());
    write_new(&path, encode_key(&key).as_bytes(), 0o600).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(read_key(&path).unwrap().secret_bytes(), key.secret_bytes());
    assert_eq!(format!("{key:?}"), "PrivateKeyDer(not shown)");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "no hidden file may stay behind");
}

#[test]
fn nothing_is_overwritten() {
    let folder = Folder::new();
    let path = folder.0.join("key.pem");
    fs::write(&path, "mine").unwrap();
    let error = write_new(&path, b"other", 0o600).unwrap_err();
    assert_eq!(error.code(), "identity.exists");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_to_run() {
    let folder = Folder::new();
    let path = folder.0.join("key.pem");
    write_new(&path, encode_key(&PrivateKeyDer::from_pkcs8(vec![1])).as_bytes(), 0o640).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = read_key(&path).unwrap_err();
    assert!(error.to_string().ends_with("expected mode 0600, found 0640"), "{error}");
    assert_eq!(error.hint().unwrap(), format!("Run: chmod 600 {}", path.display()));
}

#[test]
fn other_blocks_are_refused_by_name() {
    let sec1 = encode("EC PRIVATE KEY", &[1, 2, 3]);
    let error = parse_key("old.pem", sec1.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "old.pem: expected one PKCS#8 block (PRIVATE KEY), found 1 (EC PRIVATE KEY)"
    );
    assert!(error.hint().unwrap().contains("openssl pkcs8"));
    for text in ["", "no pem at all\n", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        assert_eq!(parse_certificates("x", text.as_bytes()).unwrap_err().code(), "identity.bad_pem");
    }
    let garbage = encode("CERTIFICATE", b"not DER");
    assert_eq!(
        parse_certificates("x", garbage.as_bytes()).unwrap_err().code(),
        "identity.unreadable_certificate"
    );
}
