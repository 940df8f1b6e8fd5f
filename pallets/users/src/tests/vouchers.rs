//! Random histories: `Vouchers` always says what apps, admins and users say.

use super::*;
use proptest::prelude::*;
use sp_runtime::traits::Zero;

#[derive(Clone, Debug)]
enum Step {
    Transfer(usize, u8),
    Status(usize, Status),
    Standing(usize, Standing),
    AddAdmin(usize, u8),
    RemoveAdmin(usize, u8),
    AddUsers(usize, u8, u8),
    UserStatus(usize, u8, Status),
}

const APPS: usize = 4;
const ACCOUNTS: u8 = 5;

fn step() -> impl Strategy<Value = Step> {
    let (app, who) = (0..APPS, 1..=ACCOUNTS);
    let status = prop_oneof![Just(Status::Active), Just(Status::Suspended)];
    let standing = prop_oneof![Just(Standing::Unadmitted), Just(Standing::Admitted), Just(Standing::Blocked)];
    prop_oneof![
        (app.clone(), who.clone()).prop_map(|(app, who)| Step::Transfer(app, who)),
        (app.clone(), status.clone()).prop_map(|(app, status)| Step::Status(app, status)),
        (app.clone(), standing).prop_map(|(app, standing)| Step::Standing(app, standing)),
        (app.clone(), who.clone()).prop_map(|(app, who)| Step::AddAdmin(app, who)),
        (app.clone(), who.clone()).prop_map(|(app, who)| Step::RemoveAdmin(app, who)),
        (app.clone(), who.clone(), who.clone()).prop_map(|(app, a, b)| Step::AddUsers(app, a, b)),
        (app, who, status).prop_map(|(app, who, status)| Step::UserStatus(app, who, status)),
    ]
}

/// What `can_transact` has to answer, from first principles.
fn expected(apps: &[AppId], who: H160) -> bool {
    who == OPERATOR
        || apps.iter().any(|app| {
            let info = Apps::<Test>::get(app).expect("was created");
            let role = Admins::<Test>::contains_key(app, who) || Users::<Test>::get(app, who) == Some(Status::Active);
            info.standing == Standing::Admitted && (info.owner == who || (role && info.status == Status::Active))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn vouchers_follow_the_roles(steps in proptest::collection::vec(step(), 1..60)) {
        run(Policy::Registered, || {
            let apps: Vec<_> = (0..APPS)
                .map(|i| {
                    let salt = H256::from_low_u64_be(i as u64);
                    Registry::do_create_app(OPERATOR, salt, &mut Vec::new()).expect("is new")
                })
                .collect();
            for step in steps {
                let logs = &mut Vec::new();
                let owner = |app: usize| Apps::<Test>::get(apps[app]).expect("was created").owner;
                // Refusals (a blocked app, an unknown user) are part of the history.
                let _ = match step {
                    Step::Transfer(app, to) => {
                        Registry::do_transfer_app_ownership(owner(app), apps[app], account(to), logs)
                    }
                    Step::Status(app, status) => Registry::do_set_app_status(owner(app), apps[app], status, logs),
                    Step::Standing(app, standing) => Registry::do_set_app_standing(apps[app], standing, logs),
                    Step::AddAdmin(app, who) => Registry::do_add_admin(owner(app), apps[app], account(who), logs),
                    Step::RemoveAdmin(app, who) => {
                        Registry::do_remove_admin(owner(app), apps[app], account(who), logs)
                    }
                    Step::AddUsers(app, a, b) => {
                        Registry::do_add_users(owner(app), apps[app], &[account(a), account(b)], logs)
                    }
                    Step::UserStatus(app, who, status) => {
                        Registry::do_set_user_status(owner(app), apps[app], account(who), status, logs)
                    }
                };
                for who in (1..=ACCOUNTS).map(account).chain([OPERATOR]) {
                    assert_eq!(Registry::can_transact(who), expected(&apps, who), "{who:?}");
                    let vouchers = Vouchers::<Test>::get(who);
                    for app in &apps {
                        let info = Apps::<Test>::get(app).expect("was created");
                        let times = vouchers.iter().filter(|other| *other == app).count();
                        assert_eq!(times == 1, Registry::is_member(*app, &info, who));
                        assert!(times.is_zero() || times == 1);
                    }
                }
            }
        });
    }
}
