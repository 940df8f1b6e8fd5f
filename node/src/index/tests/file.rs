//! The index's file: damaged, of a newer node, of an older one.

use super::*;
use crate::index::file;

/// What was put aside in the folder.
fn damaged(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("lists").map(|entry| entry.expect("lists").path());
    files.filter(|path| path.to_string_lossy().contains("index.sqlite.damaged-")).collect()
}

#[tokio::test]
async fn a_damaged_file_is_put_aside() {
    let fixture = Fixture::new();
    fixture.chain.extend(0, &[1]);
    let file = file::path(fixture.folder.path());
    std::fs::write(&file, [7; 9999]).expect("writes");
    assert!(Journal::open(fixture.folder.path()).await.is_err());
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    let aside = damaged(fixture.folder.path());
    assert_eq!(aside.len(), 1);
    assert_eq!(std::fs::read(&aside[0]).expect("reads"), [7; 9999]);
}

#[tokio::test]
async fn a_damaged_schema_is_put_aside() {
    let fixture = Fixture::new();
    fixture.chain.extend(0, &[1]);
    let file = file::path(fixture.folder.path());
    file::close(file::connect(&file).await.expect("opens")).await;
    let mut bytes = std::fs::read(&file).expect("reads");
    bytes[100..4096].fill(0xff);
    std::fs::write(&file, bytes).expect("writes");
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    assert!(!damaged(fixture.folder.path()).is_empty());
}

#[tokio::test]
async fn a_newer_nodes_file_is_put_aside() {
    let fixture = Fixture::new();
    fixture.chain.extend(0, &[1]);
    let mut connection = file::connect(&file::path(fixture.folder.path())).await.expect("opens");
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'newer', 1, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .expect("writes");
    file::close(connection).await;
    let (index, mut follower) = fixture.open().await;
    follower.catch_up().await.expect("indexes");
    assert_equals_chain(&index, &fixture.chain).await;
    assert_eq!(damaged(fixture.folder.path()).len(), 1);
}

#[tokio::test]
async fn an_older_nodes_file_learns_its_first_height() {
    let fixture = Fixture::new();
    let mut connection = file::connect(&file::path(fixture.folder.path())).await.expect("opens");
    let older = "ALTER TABLE chain DROP COLUMN first_height; DELETE FROM _sqlx_migrations WHERE version = 2; \
                 INSERT INTO chain (only, genesis_hash, finalized) VALUES (1, x'00', 7); \
                 INSERT INTO blocks (number, hash, substrate_hash, header, size_bytes, canonical) \
                 VALUES (5, x'01', x'01', x'', 0, 0), (6, x'02', x'02', x'', 0, 1), (7, x'03', x'03', x'', 0, 1)";
    sqlx::raw_sql(older).execute(&mut connection).await.expect("writes");
    file::close(connection).await;
    let mut connection = file::connect(&file::path(fixture.folder.path())).await.expect("opens");
    let first: i64 =
        sqlx::query_scalar("SELECT first_height FROM chain").fetch_one(&mut connection).await.expect("reads");
    assert_eq!(first, 6);
}
