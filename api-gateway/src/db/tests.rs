use super::testing;
use sqlx::Row as _;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

async fn synchronous(connection: &mut sqlx::AnyConnection) -> i64 {
    let row = sqlx::query("PRAGMA synchronous").fetch_one(connection).await.unwrap();
    row.try_get(0).unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use crate::db::{Db, Settings};
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let path = folder.path().join("gateway.sqlite");
    // One that others could read until now.
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let url = format!("sqlite://{}", path.display());
    let settings = Settings { url, max_connections: 1, acquire_timeout: std::time::Duration::from_secs(10) };
    let db = Db::open(&settings).await.unwrap();
    assert!(db.is_alive().await);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(files.len() > 1, "the journal is there too");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn commits_wait_for_the_disk_unless_they_say_otherwise() {
    const NORMAL: i64 = 1;
    const FULL: i64 = 2;
    let db = testing::sqlite().await.db;
    let mut tx = db.write_relaxed().await.unwrap();
    assert_eq!(synchronous(&mut tx).await, NORMAL);
    tx.commit().await.unwrap();
    let mut tx = db.write().await.unwrap();
    assert_eq!(synchronous(&mut tx).await, FULL);
    tx.commit().await.unwrap();
    drop(db.write_relaxed().await.unwrap());
    assert_eq!(synchronous(&mut db.writer().acquire().await.unwrap()).await, FULL);
}

#[tokio::test]
async fn a_connection_that_postgres_closes_is_unavailable_and_replaced() {
    let Some(test) = testing::postgres().await else { return };
    let error =
        sqlx::query("SELECT pg_terminate_backend(pg_backend_pid())").execute(test.db.writer()).await.unwrap_err();
    assert_eq!(crate::error::Error::from(error).code(), crate::error::Code::Unavailable);
    assert!(test.db.is_alive().await);
}

#[tokio::test]
async fn foreign_keys_hold_and_dropping_a_transaction_undoes_it() {
    for test in testing::all().await {
        let insert = "INSERT INTO sessions (id, principal_kind, principal_id, created_at_ms, expires_at_ms) \
                      VALUES ('ses_1', 'owner', 'own_1', 0, 0)";
        let mut tx = test.db.write_relaxed().await.unwrap();
        sqlx::query(insert).execute(&mut *tx).await.unwrap();
        drop(tx);
        let row = sqlx::query("SELECT COUNT(*) FROM sessions").fetch_one(test.db.reader()).await.unwrap();
        assert_eq!(row.try_get::<i64, _>(0).unwrap(), 0, "{}", test.name);
        let orphan = "INSERT INTO refresh_tokens (token_hash, session_id, created_at_ms, expires_at_ms) \
                      VALUES ('x', 'nobody', 0, 0)";
        assert!(sqlx::query(orphan).execute(test.db.writer()).await.is_err(), "{}", test.name);
        test.db.maintain().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beginning_that_is_given_up_undoes_nothing_of_the_next_one() {
    let Some(test) = testing::postgres().await else { return };
    // Given up sooner and later: before the BEGIN is sent, while it is on its way, and after it. Timers are too coarse.
    let moments = 300;
    for moment in 0..moments {
        let (after, began) = (Duration::from_micros(5 * moment), Instant::now());
        {
            let mut begin = pin!(test.db.write());
            while !poll_fn(|context| Poll::Ready(begin.as_mut().poll(context).is_ready())).await
                && began.elapsed() < after
            {
                tokio::task::yield_now().await;
            }
        }
        sqlx::query(
            "INSERT INTO sessions (id, principal_kind, principal_id, created_at_ms, expires_at_ms) \
             VALUES ($1, 'owner', 'own_1', 0, 0)",
        )
        .bind(format!("ses_{moment}"))
        .execute(test.db.writer())
        .await
        .unwrap();
    }
    // What the next one wrote is not undone with what was given up.
    let row = sqlx::query("SELECT COUNT(*) FROM sessions").fetch_one(test.db.reader()).await.unwrap();
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), i64::try_from(moments).unwrap());
}
