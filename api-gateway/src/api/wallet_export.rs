//! `/apps/{app}/wallets/{wallet}/export`: the key of a custodial wallet, for who moves it elsewhere.

use super::extract::{Checks, Json, MemberScope, Unchecked, WalletPath};
use super::second_factor::second_factors;
use super::sessions::one_time_code;
use crate::custody::Keystore;
use crate::error::Result;
use crate::secret::Secret;
use crate::server::AppState;
use crate::services::wallet_export;
use axum::extract::State;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Who asks for a key.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportRequest {
    /// The six digits that the owner's device shows, or a recovery code.
    #[schema(value_type = String, example = "492039")]
    code: Secret,
    /// What the key is encrypted under: as good as a new password has to be. Without it the key is lost.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    passphrase: Secret,
}

impl Unchecked for ExportRequest {
    type Checked = (Zeroizing<String>, Zeroizing<String>);

    fn check(self, checks: &mut Checks) -> Option<Self::Checked> {
        let code = checks.take(one_time_code("code", self.code));
        let passphrase = checks.take(crate::auth::password::new_password("passphrase", self.passphrase));
        code.zip(passphrase)
    }
}

/// Get the key of a wallet of the app's users (an admin), or of its treasury (the owner), encrypted under a passphrase. The
/// wallet stays in use. Needs a second factor; the audit log tells of it.
#[utoipa::path(
    post, path = "/api/v1/apps/{app}/wallets/{wallet}/export", tag = "apps", operation_id = "exportWallet",
    params(
        ("app" = String, Path, description = "`app_…`"),
        ("wallet" = String, Path, description = "`wal_…`"),
    ),
    request_body = ExportRequest,
    security(("owner" = [])),
    responses((status = 200, description = "The encrypted key", body = Keystore)),
)]
pub async fn export(
    State(state): State<Arc<AppState>>,
    scope: MemberScope,
    WalletPath(wallet): WalletPath,
    request: Json<ExportRequest>,
) -> Result<axum::Json<Keystore>> {
    let (code, passphrase) = request.value;
    let factors = second_factors(&state);
    wallet_export::export(&factors, &scope.app, scope.by(), &wallet, &code, passphrase).await.map(axum::Json)
}
