//! `certs issue`: a certificate of a CA in files, good or wrong on purpose.

use std::path::Path;

use crate::ca::{AuthorityOptions, Bend, KeptAuthority, Profile};
use crate::cli::args::IssueArguments;
use crate::cli::certs::one_liners::Papers;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::identity::{Existing, Svid, write_svid};
use crate::resources::{CertificateProfile, Input, certificate_profile};

/// Issues, writes, and says what to do with it.
pub(crate) fn run(arguments: &IssueArguments, output: &mut Output) -> Result<Exit, CliError> {
    if arguments.list_bends {
        output.answer(&bends())?;
        return Ok(Exit::Done);
    }
    let CertificateProfile { id, bend, ttl } = match &arguments.profile {
        Some(path) => certificate_profile(&Input::Path(path.clone()))?,
        None => CertificateProfile::default(),
    };
    // clap has seen to it that there is a folder, and an identity or a profile; a profile need not have one.
    let (Some(id), Some(folder)) = (arguments.id.clone().or(id), &arguments.out) else {
        return Err(CliError::NoIdentity);
    };
    let bend = arguments.bend.or(bend).unwrap_or(Bend::Straight);
    let defaults = AuthorityOptions::default();
    let options = AuthorityOptions {
        trust_domain: id.trust_domain().to_owned(),
        ttl: arguments.ttl.or(ttl).unwrap_or(defaults.ttl),
        ..defaults
    };
    if bend == Bend::HugeRsa {
        output.talk("making two RSA keys of 8192 bits: this takes up to a minute\n");
    }
    let authority = match arguments.plugged.files() {
        Some(files) => KeptAuthority::in_files(files, &options)?,
        None => KeptAuthority::in_folder(arguments.ca_dir.clone(), &options)?,
    };
    let svid = authority.current()?.issue_bent(&Profile { id, bend })?;
    write_svid(folder, &svid, Existing::Kept)?;
    output.answer(&told(folder, bend, &svid))?;
    Ok(Exit::Done)
}

fn told(folder: &Path, bend: Bend, svid: &Svid) -> String {
    let papers = Papers::of(folder);
    let (curl, openssl) = (papers.curl("https://HOST:PORT/", ""), papers.openssl("HOST:15008"));
    let folder = folder.display();
    format!(
        "issued {folder}: a certificate for {} that {}\n\
         \x20 {folder}/cert-chain.pem  {} to send\n\
         \x20 {folder}/key.pem         its key, mode 0600\n\
         \x20 {folder}/root-cert.pem   whom to trust\n\
         try it:\n\
         \x20 glasstunnel certs inspect {folder}\n\
         \x20 {curl}\n\
         \x20 {openssl}\n",
        svid.id,
        bend.about(),
        match svid.chain.len() {
            1 => "1 certificate".to_owned(),
            count => format!("{count} certificates"),
        },
    )
}

fn bends() -> String {
    let mut table = Table::new(["BEND", "THE CERTIFICATE"]);
    for bend in Bend::ALL {
        table.row([bend.name().to_owned(), bend.about().to_owned()]);
    }
    table.render(true)
}
