//! Taking a user's personal data out of the database.

use super::sessions::close_sessions;
use super::users::{self, User};
use crate::auth::Authenticator;
use crate::db::{Db, Engine, QueryBuilder, ROWS_MAX, Statement};
use crate::error::Result;
use sqlx::Row as _;

/// Erases a user: names, addresses, tags, metadata, password, what his programs called themselves, notes on what he paid and
/// got, what was to be paid by or to him, and the stored answer to the request that made him. What is on the ledger stays: an address, and what it did. The
/// wallet stays with its key, and signs nothing any more. What a crash leaves is erased by the same once more.
///
/// # Errors
/// 404.
pub async fn erase(db: &Db, auth: &Authenticator, app: &str, id: &str) -> Result<()> {
    let user = users::get(db, app, id).await?;
    let mut tx = db.write().await?;
    for statement in [
        Statement::new(
            "DELETE FROM idempotency_keys WHERE operation_id IN \
             (SELECT operation_id FROM users WHERE app_id = $1 AND id = $2)",
        )
        .bind(app)
        .bind(id),
        Statement::new(
            "UPDATE users SET status = 'erased', external_id = NULL, email = NULL, password_hash = NULL, \
             display_name = NULL, name_key = NULL, avatar = NULL, profile = 'private', metadata = '{}' WHERE app_id = $1 AND id = $2",
        )
        .bind(app)
        .bind(id),
        Statement::new("UPDATE wallets SET suspended = 1 WHERE app_id = $1 AND id = $2")
            .bind(app)
            .bind(&user.wallet.id),
        Statement::new("DELETE FROM schedules WHERE app_id = $1 AND (wallet_id = $2 OR user_id = $3 OR receiver = $4)")
            .bind(app)
            .bind(&user.wallet.id)
            .bind(id)
            .bind(id),
        Statement::new("DELETE FROM wallet_policies WHERE wallet_id = $1").bind(&user.wallet.id),
        Statement::new("DELETE FROM wallet_limits WHERE wallet_id = $1").bind(&user.wallet.id),
        Statement::new("DELETE FROM user_tags WHERE user_id = $1").bind(id),
        Statement::new("DELETE FROM linked_wallets WHERE user_id = $1").bind(id),
        Statement::new("DELETE FROM wallet_challenges WHERE user_id = $1").bind(id),
        Statement::new("UPDATE sessions SET user_agent = NULL WHERE principal_id = $1").bind(id),
        Statement::new(
            "UPDATE audit_log SET address = NULL, address_salt = NULL WHERE actor_id = $1 AND address IS NOT NULL",
        )
        .bind(id),
        close_sessions(id, None),
    ] {
        statement.execute(&mut tx).await?;
    }
    tx.commit().await?;
    auth.forget_sessions();
    for operations in operations_about(db, app, &user).await?.chunks(ROWS_MAX) {
        erase_notes(db, operations).await?;
    }
    tracing::info!(app, user = id, "a user is erased");
    Ok(())
}

/// The operations that he asked for, and those that moved units from or to him. It looks through all that the app has, and
/// keeps no write waiting meanwhile.
async fn operations_about(db: &Db, app: &str, user: &User) -> Result<Vec<String>> {
    let address = &user.wallet.address;
    let mut query = QueryBuilder::new("SELECT id FROM operations WHERE app_id = ");
    query.push_bind(app).push(" AND (user_id = ").push_bind(&user.id);
    query.push(" OR sender = ").push_bind(address).push(" OR to_address = ").push_bind(address);
    // One of many receivers is named by the chain alone.
    for side in [
        ") UNION SELECT operation_id FROM transfers WHERE from_address = ",
        " UNION SELECT operation_id FROM transfers WHERE to_address = ",
    ] {
        query.push(side).push_bind(address).push(" AND operation_id IS NOT NULL");
    }
    let rows = query.build().fetch_all(db.reader()).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Takes the notes out of operations, stored answers and events. The answers themselves stay: without them a repeated
/// request would move units once more.
async fn erase_notes(db: &Db, operations: &[String]) -> Result<()> {
    // Each engine has JSON of its own.
    let [answers, events] = match db.engine() {
        Engine::Sqlite => [
            "UPDATE idempotency_keys SET answer = json_remove(answer, '$.operation.memo') WHERE operation_id IN (",
            "UPDATE events SET data = json_remove(data, '$.memo') WHERE operation_id IN (",
        ],
        Engine::Postgres => [
            "UPDATE idempotency_keys SET answer = (answer::jsonb #- '{operation,memo}')::text WHERE operation_id IN (",
            "UPDATE events SET data = (data::jsonb - 'memo')::text WHERE operation_id IN (",
        ],
    };
    let mut tx = db.write().await?;
    for sql in ["UPDATE operations SET memo = NULL WHERE memo IS NOT NULL AND id IN (", answers, events] {
        let mut query = QueryBuilder::new(sql);
        query.push_list(operations).push(")");
        query.execute(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
