//! The root key: from the environment, or from a file that only the gateway's user may read.

use super::CustodyError;
use super::seal::random_key;
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;
use zeroize::{Zeroize as _, Zeroizing};

/// The key that everything hangs on.
pub struct RootKey {
    key: Zeroizing<[u8; 32]>,
    id: String,
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RootKey({})", self.id)
    }
}

/// Where the root key came from, for the log at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKeySource {
    /// Given in the configuration or the environment.
    Given,
    /// Read from its file.
    File,
    /// Made now and written to its file: the operator should back it up.
    Made,
}

impl RootKey {
    /// `hex` when it is not empty; otherwise the file's key; otherwise a new key, written to the file with mode
    /// 0600.
    ///
    /// # Errors
    /// [`CustodyError::RootKey`]: not 64 hex digits, or the file can't be read or made, or others may read it.
    pub fn load(hex: &str, file: &Path) -> Result<(Self, RootKeySource), CustodyError> {
        if !hex.is_empty() {
            return Ok((Self::from_hex(hex)?, RootKeySource::Given));
        }
        match fs::File::open(file) {
            Ok(opened) => Ok((Self::read(opened, file)?, RootKeySource::File)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((Self::make(file)?, RootKeySource::Made)),
            Err(error) => Err(fault(file, &error.to_string())),
        }
    }

    /// The key that [`RootKey::load`] would find, without making one.
    ///
    /// # Errors
    /// As there.
    pub(super) fn find(hex: &str, file: &Path) -> Result<Option<Self>, CustodyError> {
        if hex.is_empty() && !file.exists() {
            return Ok(None);
        }
        Self::load(hex, file).map(|(root, _)| Some(root))
    }

    /// From 64 hex digits.
    ///
    /// # Errors
    /// [`CustodyError::RootKey`] for anything else.
    pub fn from_hex(text: &str) -> Result<Self, CustodyError> {
        let mut key = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice())
            .map_err(|_| CustodyError::RootKey("must be 64 hex digits (32 bytes)".to_owned()))?;
        Ok(Self::from_key(key))
    }

    pub(super) fn from_key(key: Zeroizing<[u8; 32]>) -> Self {
        // One-way, and of another domain than anything the key is used for.
        let mut hash = Sha256::new();
        hash.update(b"hanse root key fingerprint");
        hash.update(key.as_slice());
        let id = hex::encode(&hash.finalize()[..8]);
        Self { key, id }
    }

    fn read(mut opened: fs::File, file: &Path) -> Result<Self, CustodyError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = opened.metadata().map_err(|error| fault(file, &error.to_string()))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(fault(file, "others than its owner may read it; run chmod 600 on it"));
            }
        }
        let mut text = Zeroizing::new(String::with_capacity(80));
        opened.read_to_string(&mut text).map_err(|error| fault(file, &error.to_string()))?;
        Self::from_hex(&text).map_err(|_| fault(file, "must hold 64 hex digits (32 bytes)"))
    }

    fn make(file: &Path) -> Result<Self, CustodyError> {
        let key = random_key()?;
        let mut text = hex::encode(key.as_slice());
        let written = write_new(file, &text);
        text.zeroize();
        written.map_err(|error| fault(file, &error.to_string()))?;
        Ok(Self::from_key(key))
    }

    pub(super) fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// A fingerprint that says nothing about the key.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Makes the file and waits until it is on disk: wallets sealed under a key that a power cut loses are lost too.
fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut made = options.open(file)?;
    made.write_all(text.as_bytes())?;
    made.write_all(b"\n")?;
    made.sync_all()?;
    fs::File::open(folder)?.sync_all()
}

fn fault(file: &Path, what: &str) -> CustodyError {
    CustodyError::RootKey(format!("{}: {what}", file.display()))
}
