//! Members of an app: the owners who run it together.
//!
//! # Invariants
//! - An app has exactly one owner. Who is to leave makes another member the owner first.
//! - Admins are made, changed and removed by the owner alone.

use crate::auth::access::Role;
use crate::db::{Db, Page, PageQuery, Statement, UnixMs, now_ms};
use crate::error::{Code, Error, Result};
use serde::Serialize;
use sqlx::AnyConnection;
use utoipa::ToSchema;

/// Members of one app at most.
pub const MAX_MEMBERS: i64 = 200;

/// An owner in an app.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// `own_…`
    #[schema(example = "own_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e")]
    pub id: String,
    /// The login name.
    pub email: String,
    /// What to call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
}

/// Who asks, and what he is in the app.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// `own_…`
    pub owner: &'a str,
    /// In the app.
    pub role: Role,
}

type Row = (String, String, Option<String>, String, i64);

fn from_row((id, email, display_name, role, created_at_ms): Row) -> Result<Member> {
    Ok(Member { id, email, display_name, role: Role::parse(&role)?, created_at: UnixMs(created_at_ms) })
}

/// The row that makes somebody a member.
pub fn insert(app: &str, owner: &str, role: Role) -> Statement {
    Statement::new("INSERT INTO app_members (app_id, owner_id, role, created_at_ms) VALUES ($1, $2, $3, $4)")
        .bind(app)
        .bind(owner)
        .bind(role.as_str())
        .bind(now_ms())
}

/// What the owner is in the app; who is nothing, for him the app doesn't exist.
///
/// # Errors
/// 404.
pub async fn role(db: &Db, owner: &str, app: &str) -> Result<Role> {
    let row: Option<(String,)> = sqlx::query_as("SELECT role FROM app_members WHERE app_id = $1 AND owner_id = $2")
        .bind(app)
        .bind(owner)
        .fetch_optional(db.reader())
        .await?;
    let (role,) = row.ok_or_else(|| Error::not_found("app"))?;
    Role::parse(&role)
}

/// Members in the order of their ids.
///
/// # Errors
/// A bad page query.
pub async fn list(db: &Db, app: &str, page: &PageQuery) -> Result<Page<Member>> {
    let limit = page.limit()?;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT o.id, o.email, o.display_name, m.role, m.created_at_ms FROM app_members m \
         JOIN owners o ON o.id = m.owner_id WHERE m.app_id = $1 AND m.owner_id > $2 ORDER BY m.owner_id LIMIT $3",
    )
    .bind(app)
    .bind(page.after()?.unwrap_or_default())
    .bind(limit + 1)
    .fetch_all(db.reader())
    .await?;
    let items = rows.into_iter().map(from_row).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, limit, |member| member.id.clone()))
}

async fn get(connection: &mut AnyConnection, app: &str, owner: &str) -> Result<Member> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT o.id, o.email, o.display_name, m.role, m.created_at_ms FROM app_members m \
         JOIN owners o ON o.id = m.owner_id WHERE m.app_id = $1 AND m.owner_id = $2",
    )
    .bind(app)
    .bind(owner)
    .fetch_optional(connection)
    .await?;
    from_row(row.ok_or_else(|| Error::not_found("member"))?)
}

/// Makes somebody a member who has signed up.
///
/// # Errors
/// 403; a field error for an address that nobody has signed up with; 409 for who is a member, or for too many.
pub async fn add(db: &Db, app: &str, by: By<'_>, email: &str, role: Role) -> Result<Member> {
    may_give(by, role)?;
    let mut tx = db.write().await?;
    let owner: Option<(String,)> =
        sqlx::query_as("SELECT id FROM owners WHERE email = $1").bind(email).fetch_optional(&mut *tx).await?;
    let (owner,) = owner.ok_or_else(|| {
        Error::field("email", "not_found", "nobody has signed up with this address; let them do so first")
    })?;
    let (members,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM app_members WHERE app_id = $1").bind(app).fetch_one(&mut *tx).await?;
    if members >= MAX_MEMBERS {
        return Err(Error::new(Code::Conflict, format!("an app has at most {MAX_MEMBERS} members")));
    }
    insert(app, &owner, role).execute(&mut tx).await.map_err(|error| {
        if crate::db::is_unique_violation(&error) { Error::taken("email").caused_by(error) } else { error.into() }
    })?;
    let member = get(&mut tx, app, &owner).await?;
    tx.commit().await?;
    Ok(member)
}

/// Gives a member another role. With `owner` the one who was it becomes an admin.
///
/// # Errors
/// 403; 404; 409 for the owner, who gives that away and can't lose it otherwise.
pub async fn change(db: &Db, app: &str, by: By<'_>, owner: &str, role: Role) -> Result<Member> {
    let mut tx = db.write().await?;
    let member = get(&mut tx, app, owner).await?;
    if member.role == Role::Owner && role != Role::Owner {
        return Err(owner_stays());
    }
    may_give(by, member.role)?;
    if role == Role::Owner {
        by.role.require(Role::Owner)?;
        // The row decides who is the owner: another request may have given it away meanwhile.
        let given =
            sqlx::query("UPDATE app_members SET role = 'admin' WHERE app_id = $1 AND owner_id = $2 AND role = 'owner'")
                .bind(app)
                .bind(by.owner)
                .execute(&mut *tx)
                .await?;
        if given.rows_affected() == 0 {
            return Err(Error::new(Code::Conflict, "the app has got another owner meanwhile"));
        }
    } else {
        may_give(by, role)?;
    }
    set(&mut tx, app, owner, role).await?;
    let member = get(&mut tx, app, owner).await?;
    tx.commit().await?;
    Ok(member)
}

/// Takes somebody out of the app; everybody but the owner may go himself.
///
/// # Errors
/// 403; 404; 409 for the owner.
pub async fn remove(db: &Db, app: &str, by: By<'_>, owner: &str) -> Result<()> {
    let mut tx = db.write().await?;
    let member = get(&mut tx, app, owner).await?;
    if member.role == Role::Owner {
        return Err(owner_stays());
    }
    if by.owner != owner {
        may_give(by, member.role)?;
    }
    sqlx::query("DELETE FROM app_members WHERE app_id = $1 AND owner_id = $2 AND role <> 'owner'")
        .bind(app)
        .bind(owner)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn set(connection: &mut AnyConnection, app: &str, owner: &str, role: Role) -> Result<()> {
    sqlx::query("UPDATE app_members SET role = $1 WHERE app_id = $2 AND owner_id = $3")
        .bind(role.as_str())
        .bind(app)
        .bind(owner)
        .execute(connection)
        .await?;
    Ok(())
}

fn may_give(by: By<'_>, role: Role) -> Result<()> {
    by.role.require(if role >= Role::Admin { Role::Owner } else { Role::Admin })
}

fn owner_stays() -> Error {
    Error::new(Code::Conflict, "an app has an owner: make another member the owner first")
}
