//! Mutual TLS with SPIFFE identities: accept, connect, and say precisely why not.
//!
//! ```text
//! Svid ──► ServerTls ──accept──► ServerStream + Peer        TLS 1.3, client certificate demanded, no tickets
//!     └──► ClientTls ──connect─► ClientStream + Peer        no SNI, no names: only SPIFFE identities count
//! Origination ─read─► Originator ─originate─► ClientStream + AppServer   as an application's client: SNI, names, PEM files
//! ```
//!
//! In TLS 1.3 a client learns at its first read that the server refused its certificate (RFC 8446 §4.4.2.4 and
//! §6.2 after the client's Finished): [`TlsError::from_io`] reads the reason out of that late error.
//!
//! Revocation lists are asked at every handshake, and again of a [`Peer`] whenever there are others: [`Revocations`].
//!
//! A [`crate::io::Tap`] keeps what one connection looks like on the wire, and its secrets, for whoever asked to look.
//!
//! Not here: identities and certificates as such (`identity`), and HTTP/2 beyond its ALPN name (`hbone`).

mod provider;
mod alert;
mod cause;
mod diagnose;
mod error;
mod foreseen;
mod tap;
mod observed;
mod refusal;
mod shown;
mod revocations;
mod trust;
mod path;
mod presented;
mod chain;
mod verify;
mod accepts;
mod fits;
mod credentials;
mod peer;
mod farewell;
mod finish;
mod server;
mod client;
mod app;
mod app_server;
mod originate;
mod look;

pub use accepts::{Acceptance, Checked, Expected, Found, Question};
pub use alert::Alert;
pub use app::AppTls;
pub use cause::TlsCause;
pub use client::{ClientOffer, ClientStream, ClientTls, connect};
pub use error::{Role, TlsError};
pub use fits::fits;
pub use look::{Look, Looker, look, look_and_stay};
pub use observed::Watched;
pub use originate::{AppServer, ClientFiles, Origination, Originator, originate};
pub use peer::Peer;
pub use revocations::{CurrentRevocations, Revocations};
pub use server::{ISTIO_ALPN, Offer, ServerStream, ServerTls, accept};
pub use tap::{KeyLogFile, Secrets};
