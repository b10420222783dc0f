//! The certificates of those who vouch for servers, as a file that TLS libraries read.
//!
//! Those of Mozilla's list, in the version that this program was built with: the same on every
//! system, whether it has any or not. Those of this machine may be more, such as a company's, and
//! are taken where the user names them.

use std::fs;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::failure::Failure;

/// More than any list has, in bytes.
const LIMIT: u64 = 16 << 20;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Those of a file, or Mozilla's.
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
        return Err(Failure::usage(format!("{} is no file with certificates", path.display())));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
        .map_err(cannot_read)?;
    let has_one = bytes.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes());
    if !has_one || bytes.len() as u64 > LIMIT {
        return Err(Failure::usage(format!("{} is no list of certificates in the form PEM", path.display()))
            .advise(format!("each begins with a line {BEGIN}; `openssl x509 -inform der -in a.der` makes one of a DER file")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mozillas_list_is_written_in_lines_that_every_library_reads() {
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
    fn a_file_with_something_else_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("roots.pem");
        fs::write(&path, "no certificate").expect("it is written");
        assert!(of(Some(&path)).is_err() && of(Some(directory.path())).is_err());
        fs::write(&path, format!("{BEGIN}\nAAAA\n{END}\n")).expect("it is written");
        assert!(of(Some(&path)).is_ok());
    }
}
