//! [`KeptAuthority`]: an authority in files, which are read again when they have changed.
//!
//! So a CA is replaced without a restart: each identity hears of new roots and the new signer with its next certificate.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ca::authority::{Authority, AuthorityOptions};
use crate::ca::error::CaError;
use crate::ca::files::CaFiles;
use crate::ca::stamp::Stamp;
use crate::ca::store::{self, FILES};
use crate::identity::{BoxFuture, IdentityError, Issuer, SpiffeId, Svid};

/// An issuer whose CA is kept in files. It looks at them each time that it is asked: what cannot be read does not issue,
/// as with istiod, even if it could be read before.
#[derive(Debug)]
pub struct KeptAuthority {
    place: Place,
    options: AuthorityOptions,
    held: Mutex<Held>,
}

#[derive(Clone, Debug)]
enum Place {
    Files(CaFiles),
    Folder(PathBuf),
}

/// What was read, and when the files were last seen to change.
#[derive(Clone, Debug)]
struct Held {
    authority: Arc<Authority>,
    stamps: Vec<Option<Stamp>>,
}

impl KeptAuthority {
    /// The plugged-in CA in `files`.
    ///
    /// # Errors
    ///
    /// [`CaError::In`] with what is wrong with them.
    pub fn in_files(files: CaFiles, options: &AuthorityOptions) -> Result<Self, CaError> {
        let place = Place::Files(files);
        let stamps = place.stamps();
        let authority = place.load(options)?;
        Ok(Self::new(place, options, Held { authority: Arc::new(authority), stamps }))
    }

    /// The CA in `folder`, which is made if there is none.
    ///
    /// # Errors
    ///
    /// As [`Authority::open_or_create`].
    pub fn in_folder(folder: PathBuf, options: &AuthorityOptions) -> Result<Self, CaError> {
        let authority = Arc::new(Authority::open_or_create(&folder, options)?);
        let kept = Self::new(Place::Folder(folder), options, Held { authority, stamps: Vec::new() });
        // Only now are there files for sure; without stamps they are read once more, so that nothing is missed.
        kept.current()?;
        Ok(kept)
    }

    fn new(place: Place, options: &AuthorityOptions, held: Held) -> Self {
        Self { place, options: options.clone(), held: Mutex::new(held) }
    }

    /// The authority as its files have it now.
    ///
    /// # Errors
    ///
    /// [`CaError::In`]; the next call tries again.
    pub fn current(&self) -> Result<Arc<Authority>, CaError> {
        // The stamps come before the reading: a file that changes in between differs from them at the next look.
        let stamps = self.place.stamps();
        // What is held is replaced whole, so that a poisoned lock holds sound data all the same.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.stamps != stamps {
            let authority = Arc::new(self.place.load(&self.options)?);
            *held = Held { authority, stamps };
        }
        Ok(Arc::clone(&held.authority))
    }
}

impl Place {
    fn stamps(&self) -> Vec<Option<Stamp>> {
        match self {
            Self::Files(files) => files.paths().iter().map(|path| Stamp::of(path)).collect(),
            Self::Folder(folder) => FILES.iter().map(|name| Stamp::of(&folder.join(name))).collect(),
        }
    }

    fn load(&self, options: &AuthorityOptions) -> Result<Authority, CaError> {
        let (path, loaded) = match self {
            Self::Files(files) => (&files.cert, files.load(options)),
            Self::Folder(folder) => (folder, store::open(folder, options)),
        };
        loaded.map_err(|source| CaError::In { path: path.clone(), source: Box::new(source) })
    }
}

impl Issuer for KeptAuthority {
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>> {
        Box::pin(async move {
            let issued = self.current().and_then(|authority| authority.issue_now(id));
            issued.map_err(|source| IdentityError::Issuer { id: id.to_string(), source: Box::new(source) })
        })
    }
}

#[cfg(test)]
mod tests;
