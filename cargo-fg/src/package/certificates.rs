//! The root certificates of an image, as a PEM file.
//!
//! By default this is Mozilla's list, in the version that this program was built with, so that it
//! is the same on every system. The user can choose another file, for example with the certificates
//! of a company.

use std::fs;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::failure::Failure;

/// The maximum size of a file in bytes, larger than any real one.
const LIMIT: u64 = 16 << 20;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates in a file, or Mozilla's list.
pub(super) fn of(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    file.map_or_else(|| Ok(mozillas()), read)
}

fn mozillas() -> Vec<u8> {
    let mut text = String::new();
    for certificate in TLS_SERVER_ROOT_CERTS {
        let encoded = STANDARD.encode(certificate);
        text += BEGIN;
        for (at, letter) in encoded.chars().enumerate() {
            if at % 64 == 0 {
                text.push('\n');
            }
            text.push(letter);
        }
        text += "\n";
        text += END;
        text += "\n";
    }
    text.into_bytes()
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot_read =
        |error| Failure::machine(format!("{} cannot be read", path.display()), &error);
    if !fs::metadata(path).map_err(cannot_read)?.is_file() {
        return Err(Failure::usage(format!("{} is not a regular file", path.display())));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
        .map_err(cannot_read)?;
    let has_one = bytes.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes());
    if !has_one || bytes.len() as u64 > LIMIT {
        return Err(Failure::usage(format!("{} is not a list of certificates in the format PEM", path.display()))
            .advise(format!("each certificate begins with the line {BEGIN}; `openssl x509 -inform der -in a.der` converts a DER file")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mozillas_list_is_valid_pem() {
        let text = String::from_utf8(mozillas()).expect("it is ASCII");
        assert!(
            text.matches(BEGIN).count() > 100
                && text.matches(BEGIN).count() == text.matches(END).count()
        );
        assert!(text.lines().all(|line| line.len() <= 64));
        let first: String = text.lines().skip(1).take_while(|line| *line != END).collect();
        assert_eq!(STANDARD.decode(first).expect("base64"), TLS_SERVER_ROOT_CERTS[0].as_ref());
    }

    #[test]
    fn a_file_without_certificates_is_rejected() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("roots.pem");
        fs::write(&path, "no certificate").expect("it is written");
        assert!(of(Some(&path)).is_err() && of(Some(directory.path())).is_err());
        fs::write(&path, format!("{BEGIN}\nAAAA\n{END}\n")).expect("it is written");
        assert!(of(Some(&path)).is_ok());
    }
}
