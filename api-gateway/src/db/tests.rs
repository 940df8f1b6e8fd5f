use super::testing;
use sqlx::Row as _;

async fn synchronous(connection: &mut sqlx::AnyConnection) -> i64 {
    let row = sqlx::query("PRAGMA synchronous").fetch_one(connection).await.unwrap();
    row.try_get(0).unwrap()
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
