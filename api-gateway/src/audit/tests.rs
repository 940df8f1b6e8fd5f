use super::{AuditLog, Entry, Verdict, run, verify};
use crate::db::{Db, testing};

fn entry(index: usize) -> Entry {
    Entry {
        app_id: index.is_multiple_of(2).then(|| "app_1".to_owned()),
        owner_id: Some("own_1".to_owned()),
        actor_kind: "owner",
        actor_id: "own_1".to_owned(),
        action: "POST /apps".to_owned(),
        path: format!("/api/v1/apps/{index}"),
        status: 202,
        request_id: index.to_string(),
        address: Some("192.0.2.7".to_owned()),
    }
}

/// Two gateways write at once.
async fn filled(db: &Db, count: usize) {
    let logs: Vec<_> = (0..2)
        .map(|_| {
            let (log, queue) = AuditLog::new();
            tokio::spawn(run(db.clone(), queue));
            log
        })
        .collect();
    let writes = (0..count).map(|index| {
        let log = logs[index % logs.len()].clone();
        async move { log.write(entry(index)).await.unwrap() }
    });
    futures::future::join_all(writes).await;
}

async fn change(db: &Db, sql: &'static str) {
    assert!(sqlx::query(sql).execute(db.writer()).await.unwrap().rows_affected() > 0, "{sql}");
}

#[tokio::test]
async fn every_change_shows() {
    for (sql, broken) in [
        ("UPDATE audit_log SET status = 403 WHERE sequence = 7", 7),
        ("UPDATE audit_log SET path = path || '0' WHERE sequence = 1", 1),
        ("UPDATE audit_log SET app_id = NULL, owner_id = app_id WHERE app_id IS NOT NULL", 1),
        ("UPDATE audit_log SET address = '192.0.2.8' WHERE sequence = 9", 9),
        ("UPDATE audit_log SET created_at_ms = created_at_ms + 1 WHERE sequence = 40", 40),
        ("DELETE FROM audit_log WHERE sequence = 20", 20),
        ("DELETE FROM audit_log WHERE sequence > 30", 31),
        ("DELETE FROM audit_log", 1),
    ] {
        for test in testing::all().await {
            filled(&test.db, 40).await;
            let Verdict::Sound { sequence: 40, hash } = verify(&test.db, None).await.unwrap() else {
                panic!("not sound before: {}", test.name)
            };
            change(&test.db, sql).await;
            let verdict = verify(&test.db, Some((40, &hash))).await.unwrap();
            // Which entries have an app depends on the order in which they came.
            let at_first = |sequence: i64| sequence == broken || (sql.contains("owner_id = app_id") && sequence < 4);
            assert!(matches!(verdict, Verdict::Broken { sequence, .. } if at_first(sequence)), "{sql}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn a_log_that_was_written_anew_does_not_have_what_was_remembered() {
    for test in testing::all().await {
        filled(&test.db, 5).await;
        let Verdict::Sound { hash, .. } = verify(&test.db, None).await.unwrap() else { panic!("not sound") };
        filled(&test.db, 5).await;
        assert!(matches!(verify(&test.db, Some((5, &hash))).await.unwrap(), Verdict::Sound { sequence: 10, .. }));
        change(&test.db, "DELETE FROM audit_log").await;
        change(&test.db, "UPDATE audit_heads SET sequence = 0, hash = ''").await;
        filled(&test.db, 4).await;
        assert!(matches!(verify(&test.db, Some((5, &hash))).await.unwrap(), Verdict::Broken { sequence: 5, .. }));
        filled(&test.db, 4).await;
        assert!(matches!(verify(&test.db, Some((5, &hash))).await.unwrap(), Verdict::Broken { sequence: 5, .. }));
    }
}

#[tokio::test]
async fn erased_addresses_leave_the_log_sound() {
    for test in testing::all().await {
        filled(&test.db, 5).await;
        change(&test.db, "UPDATE audit_log SET address = NULL, address_salt = NULL WHERE sequence = 3").await;
        assert!(matches!(verify(&test.db, None).await.unwrap(), Verdict::Sound { sequence: 5, .. }));
    }
}
