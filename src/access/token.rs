//! Tokens: made of the operating system's randomness, shown once, kept as SHA-256.
//!
//! A plain hash is enough here. Slow hashes such as Argon2 protect passwords, which people choose and others can guess; a
//! token has 256 random bits and nobody guesses it however fast the hash is. A slow one would only give strangers a way
//! to keep the processor busy.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest as _;
use std::fmt;

/// What every token begins with, so that it is known for one where it lies about.
const TOKEN_PREFIX: &str = "fl_";
/// What a digest is written after.
const DIGEST_PREFIX: &str = "sha256:";

/// A token or a ticket as its holder shows it. It has no `Display`, `Debug` keeps it to itself, and it is compared by its digest.
#[derive(Clone)]
pub struct TokenSecret(String);

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<&str> for TokenSecret {
    fn from(shown: &str) -> TokenSecret {
        TokenSecret(shown.to_owned())
    }
}

impl TokenSecret {
    /// A new token: 256 bits that nobody can foretell.
    ///
    /// # Errors
    /// If the operating system has no randomness to give.
    pub fn new_random() -> Result<TokenSecret, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(TokenSecret(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The text to be given to its holder. It belongs into no log and no error.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(sha2::Sha256::digest(self.0.as_bytes()).into())
    }
}

/// The SHA-256 of a token: recognises it and does not tell it. Written as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TokenDigest(pub [u8; 32]);

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DIGEST_PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl TokenDigest {
    /// Reads a digest as it is written.
    #[must_use]
    pub fn parse(text: &str) -> Option<TokenDigest> {
        let digits = text.strip_prefix(DIGEST_PREFIX)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(TokenDigest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_identifies_token_and_debug_hides_it() {
        let (one, other) = (
            TokenSecret::new_random().expect("randomness"),
            TokenSecret::new_random().expect("randomness"),
        );
        assert_ne!(one.reveal(), other.reveal());
        assert!(one.reveal().starts_with("fl_") && one.reveal().len() == 46, "256 bits in base64");
        assert_eq!(TokenDigest::parse(&one.digest().to_string()), Some(one.digest()));
        assert_eq!(format!("{one:?}"), "Secret(..)");
    }

    #[test]
    fn digest_matches_standard_sha256() {
        let written = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(TokenSecret::from("abc").digest().to_string(), written);
        for wrong in [
            "",
            "sha256:",
            &written[7..],
            &written[..70],
            &format!("{written}0"),
            "md5:00",
            &written.replace('b', "é"),
        ] {
            assert_eq!(TokenDigest::parse(wrong), None, "{wrong}");
        }
    }
}
