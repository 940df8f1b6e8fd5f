use super::*;

fn custody() -> Custody {
    Custody::new(RootKey::from_hex(&"11".repeat(32)).unwrap(), None)
}

fn sealed(custody: &Custody) -> (NewWallet, SealedWallet) {
    let app_key = custody.create_app_key("app_1").unwrap();
    let wallet = custody.create_wallet("app_1", &app_key).unwrap();
    let sealed = SealedWallet {
        id: wallet.id.clone(),
        app_id: "app_1".into(),
        address: wallet.address,
        sealed_data_key: wallet.sealed_data_key.clone(),
        sealed_key: wallet.sealed_key.clone(),
        sealed_app_key: app_key.sealed,
        root_key_id: app_key.root_key_id,
    };
    (wallet, sealed)
}

#[test]
fn a_wallet_signs_as_its_address() {
    let custody = custody();
    let (wallet, sealed) = sealed(&custody);
    assert_eq!(custody.signer(&sealed).unwrap().address(), wallet.address);
    // Another process with the same root key.
    assert_eq!(self::custody().signer(&sealed).unwrap().address(), wallet.address);
}

#[test]
fn a_ciphertext_opens_in_its_own_row_only() {
    let custody = custody();
    let (_, one) = sealed(&custody);
    let (_, two) = sealed(&custody);
    for mixed in [
        SealedWallet { id: two.id.clone(), ..one.clone() },
        SealedWallet { sealed_key: two.sealed_key.clone(), ..one.clone() },
        SealedWallet { sealed_data_key: two.sealed_data_key.clone(), ..one.clone() },
        SealedWallet { sealed_app_key: two.sealed_app_key.clone(), ..one.clone() },
        SealedWallet { sealed_key: String::new(), ..one.clone() },
        SealedWallet { sealed_key: "AAAA".into(), ..one.clone() },
    ] {
        assert!(matches!(custody.signer(&mixed), Err(CustodyError::Damaged(_))), "{mixed:?}");
    }
    // The app key is in the cache by now, and that changes nothing.
    assert!(custody.signer(&one).is_ok());
    let other_app = SealedWallet { app_id: "app_2".into(), ..one.clone() };
    for custody in [&custody, &self::custody()] {
        assert!(matches!(custody.signer(&other_app), Err(CustodyError::Damaged("app key"))));
    }
    // A whole wallet under another address: it opens and would sign for somebody else.
    let other_address = SealedWallet { address: two.address, ..one };
    assert!(matches!(custody.signer(&other_address), Err(CustodyError::Damaged("private key"))));
}

#[test]
fn another_root_key_is_named_as_such() {
    let (_, sealed) = sealed(&custody());
    let other = Custody::new(RootKey::from_hex(&"22".repeat(32)).unwrap(), None);
    assert!(matches!(other.signer(&sealed), Err(CustodyError::WrongRootKey { .. })));
    let rotated =
        Custody::new(RootKey::from_hex(&"22".repeat(32)).unwrap(), Some(RootKey::from_hex(&"11".repeat(32)).unwrap()));
    assert!(rotated.signer(&sealed).is_ok());
}

#[test]
fn secrets_are_bound_to_their_name() {
    let custody = custody();
    let sealed = custody.seal_secret("jwt:a", b"secret").unwrap();
    assert_eq!(custody.open_secret("jwt:a", &sealed).unwrap().as_slice(), b"secret");
    assert!(custody.open_secret("jwt:b", &sealed).is_err());
    assert!(custody.open_secret("jwt:a", "nonsense").is_err());
}

#[test]
fn the_root_key_file_is_made_once_and_must_be_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sub/root.key");
    let (made, source) = RootKey::load("", &file).unwrap();
    assert_eq!(source, RootKeySource::Made);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (read, source) = RootKey::load("", &file).unwrap();
    assert_eq!(source, RootKeySource::File);
    assert_eq!(made.id(), read.id());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(RootKey::load("", &file).unwrap_err().to_string().contains("chmod 600"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&file, "abc").unwrap();
    assert!(RootKey::load("", &file).is_err());
    assert!(RootKey::load("xyz", &file).is_err());
}

#[test]
fn nothing_secret_shows_in_debug() {
    let text = format!("{:?} {:?}", custody(), RootKey::from_hex(&"11".repeat(32)).unwrap());
    assert!(!text.contains("1111"), "{text}");
}

#[test]
fn an_exported_key_opens_under_its_passphrase() {
    use aes::cipher::{KeyIvInit as _, StreamCipher as _};
    let custody = custody();
    let (wallet, sealed) = sealed(&custody);
    let keystore = custody.export(&sealed, "a passphrase").unwrap();
    assert_eq!(format!("0x{}", keystore.address), format!("{:#x}", wallet.address));
    let crypto = keystore.crypto;
    let opened = |passphrase: &str| {
        let mut derived = [0; 32];
        let parameters = scrypt::Params::new(crypto.kdfparams.n.ilog2() as u8, 8, 1).unwrap();
        let salt = hex::decode(&crypto.kdfparams.salt).unwrap();
        scrypt::scrypt(passphrase.as_bytes(), &salt, &parameters, &mut derived).unwrap();
        let mut bytes = hex::decode(&crypto.ciphertext).unwrap();
        let checked = alloy::primitives::keccak256([&derived[16..], &bytes].concat());
        let iv = hex::decode(&crypto.cipherparams.iv).unwrap();
        ctr::Ctr128BE::<aes::Aes128>::new_from_slices(&derived[..16], &iv).unwrap().apply_keystream(&mut bytes);
        (hex::encode(checked) == crypto.mac).then_some(bytes)
    };
    assert_eq!(opened("another"), None);
    let signer = Signer::new(&opened("a passphrase").unwrap()).unwrap();
    assert_eq!(signer.address(), wallet.address);
}
