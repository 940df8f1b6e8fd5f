use super::fixture::Fixture;
use crate::db::testing;
use crate::ledger::refusal::{refuse, skip_used_nonces};
use crate::ledger::{Status, operations};
use sqlx::Row as _;

#[tokio::test]
async fn a_refused_operation_gives_back_its_pending_amounts_and_its_nonce() {
    for db in testing::all().await {
        let fixture = Fixture::new(db, 1).await;
        let to = fixture.wallets[0].address;
        let treasury = fixture.treasury.clone();
        fixture.accept(fixture.mint(treasury.address, 10)).await.unwrap();
        let refused = fixture.accept(fixture.transfer(&treasury, to, 4)).await.unwrap().operation;
        assert!(refuse(&fixture.inner, &refused.id, "too_large", "oversized data", true).await.unwrap());
        // Once only.
        assert!(!refuse(&fixture.inner, &refused.id, "too_large", "oversized data", true).await.unwrap());
        let now = operations::find(&fixture.inner.db, &fixture.app_id, None, &refused.id).await.unwrap().unwrap();
        assert_eq!(now.status, Status::Failed);
        assert_eq!(now.error.unwrap().code, "too_large");
        let row = sqlx::query("SELECT nonce, status, effects_pending FROM operations WHERE kind = 'cancel'")
            .fetch_one(fixture.inner.db.reader())
            .await
            .unwrap();
        assert_eq!(row.try_get::<i64, _>(0).unwrap(), 1);
        assert_eq!(row.try_get::<String, _>(1).unwrap(), "accepted");
        // All ten are there to spend again, and the next operation has the next nonce.
        let next = fixture.accept(fixture.transfer(&treasury, to, 10)).await.unwrap();
        assert_eq!(next.operation.nonce, 2);
        assert_eq!(next.balances[1].pending.to_string(), "10");

        skip_used_nonces(&fixture.inner, &treasury.id, 7).await.unwrap();
        skip_used_nonces(&fixture.inner, &treasury.id, 5).await.unwrap();
        assert_eq!(fixture.accept(fixture.mint(to, 1)).await.unwrap().operation.nonce, 7);
    }
}
