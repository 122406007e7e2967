//! Tokens: random, displayed once, stored as SHA-256 digests.
//!
//! A plain hash is sufficient. Slow hashes such as Argon2 protect passwords, which people choose
//! and others can guess. A token has 256 random bits and cannot be guessed. A slow hash would only
//! let strangers keep the processor busy.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest as _;
use std::fmt;

/// Prefix of every token, by which secret scanners recognize it.
const TOKEN_PREFIX: &str = "fl_";
/// Prefix of a written digest.
const DIGEST_PREFIX: &str = "sha256:";

/// A token or a ticket in plain text. It has no `Display`, its `Debug` hides the text, and it is
/// compared by digest only.
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
    /// Returns a new token with 256 random bits.
    ///
    /// # Errors
    /// Returns an error if the operating system has no randomness.
    pub fn new_random() -> Result<TokenSecret, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(TokenSecret(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Returns the plain text for its holder. It must never appear in a log or an error.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns its digest, the only form that is stored.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(sha2::Sha256::digest(self.0.as_bytes()).into())
    }
}

/// SHA-256 digest of a token, written as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TokenDigest(pub [u8; 32]);

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DIGEST_PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl TokenDigest {
    /// Parses a written digest; `None` if it is malformed.
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
        let (first, second) = (
            TokenSecret::new_random().expect("randomness is available"),
            TokenSecret::new_random().expect("randomness is available"),
        );
        assert_ne!(first.reveal(), second.reveal());
        assert!(
            first.reveal().starts_with("fl_") && first.reveal().len() == 46,
            "256 bits in base64"
        );
        assert_eq!(TokenDigest::parse(&first.digest().to_string()), Some(first.digest()));
        assert_eq!(format!("{first:?}"), "Secret(..)");
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
