//! The hash keys of a data directory, generated once and readable by the owner only.
//!
//! Identities in the journal are hashes under these keys. With other keys, a returning customer is
//! not recognized.

use super::error::JournalError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The first line of the file.
const FILE_HEADER: &str = "firstline keys, format 1; secret, and lost for ever if lost";

/// The secret keys of the identity hashes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdentityKeys {
    /// Seeds the identities of cases and events.
    pub seed: u64,
    /// The key of the customer hashes.
    pub customer: [u8; 16],
}

impl std::fmt::Debug for IdentityKeys {
    /// Omits the secrets, so that they never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentityKeys")
    }
}

impl IdentityKeys {
    /// Returns a number that identifies these keys without revealing them.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        xxh3_64(&[&self.seed.to_le_bytes()[..], &self.customer].concat())
    }

    /// Reads the keys. If they are missing and `new` is true, generates them.
    pub(super) fn read_or_create(path: &Path, new: bool) -> Result<IdentityKeys, JournalError> {
        let file = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => {
                refuse_if_shared(path, &file)?;
                parse_keys(&text).ok_or_else(|| {
                    bad_keys(&file, "not a valid key file; restore it from a backup")
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && new => {
                create_keys(path).map_err(|error| JournalError::from_io(&file, error))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(bad_keys(
                &file,
                "the key file is missing, but the journal was written with it; restore it from a \
                 backup",
            )),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(bad_keys(&file, "not a valid key file; restore it from a backup"))
            }
            Err(error) => Err(JournalError::from_io(&file, error)),
        }
    }
}

fn bad_keys(file: &str, what: &str) -> JournalError {
    JournalError::BadKeys { file: file.to_owned(), what: what.to_owned() }
}

/// Refuses keys that other users can read.
#[cfg(unix)]
fn refuse_if_shared(path: &Path, file: &str) -> Result<(), JournalError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)
        .map_err(|error| JournalError::from_io(file, error))?
        .permissions()
        .mode()
        & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(bad_keys(
        file,
        &format!(
            "other users can read the keys (mode {mode:o}); run `chmod 600 {file}` if nobody has \
             read them yet"
        ),
    ))
}

#[cfg(not(unix))]
fn refuse_if_shared(_: &Path, _: &str) -> Result<(), JournalError> {
    Ok(())
}

/// Generates keys and writes them atomically.
fn create_keys(path: &Path) -> io::Result<IdentityKeys> {
    let mut secret = [0; 24];
    getrandom::fill(&mut secret).map_err(|error| {
        io::Error::other(format!("the operating system provides no randomness: {error}"))
    })?;
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{FILE_HEADER}\n{hex}\n");
    let unfinished = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    if let (true, Some(parent)) = (cfg!(unix), path.parent()) {
        File::open(parent)?.sync_all()?;
    }
    parse_keys(&text).ok_or_else(|| io::Error::other("the keys cannot be read back"))
}

fn parse_keys(text: &str) -> Option<IdentityKeys> {
    let hex = text.strip_prefix(FILE_HEADER)?.strip_prefix('\n')?.strip_suffix('\n')?;
    if hex.len() != 48 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let seed = u64::from_str_radix(&hex[..16], 16).ok()?;
    let customer = u128::from_str_radix(&hex[16..], 16).ok()?.to_be_bytes();
    Some(IdentityKeys { seed, customer })
}
