//! Who may deploy contracts.

use super::*;
use crate::{
    Event,
    mock::{ROOT, RuntimeEvent},
};
use sp_runtime::{BuildStorage, DispatchError};

fn signed(who: H160) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.into())
}

#[test]
fn everyone_deploys_unless_the_network_says_otherwise() {
    run(Policy::Registered, || {
        assert!(Registry::can_deploy(account(1)));
        assert_ok!(Registry::set_deploy_policy(RuntimeOrigin::root(), Deployment::Listed));
        System::assert_last_event(RuntimeEvent::Users(Event::DeployPolicySet { policy: Deployment::Listed }));
        assert!(!Registry::can_deploy(account(1)));
        for who in [ROOT, OPERATOR] {
            assert!(Registry::can_deploy(who));
        }
        assert_ok!(Registry::set_deploy_policy(RuntimeOrigin::root(), Deployment::Open));
        assert!(Registry::can_deploy(account(1)));
    });
}

#[test]
fn root_and_operators_keep_the_list() {
    run(Policy::Open, || {
        assert_ok!(Registry::set_deploy_policy(RuntimeOrigin::root(), Deployment::Listed));
        for origin in [RuntimeOrigin::root(), signed(ROOT), signed(OPERATOR)] {
            for deployer in [true, false] {
                assert_ok!(Registry::set_deployer(origin.clone(), account(1), deployer));
                System::assert_last_event(RuntimeEvent::Users(Event::DeployerSet { account: account(1), deployer }));
                assert_eq!(Registry::can_deploy(account(1)), deployer);
            }
        }
        // Whoever is on it has no say in it, nor in the policy; nor has an operator in that.
        assert_ok!(Registry::set_deployer(signed(OPERATOR), account(1), true));
        assert_noop!(Registry::set_deployer(signed(account(1)), account(2), true), Error::<Test>::NotOperator);
        assert_noop!(Registry::set_deployer(signed(OPERATOR), H160::zero(), true), Error::<Test>::InvalidAccount);
        for who in [account(1), OPERATOR] {
            let refused = Registry::set_deploy_policy(signed(who), Deployment::Open);
            assert_eq!(refused, Err(DispatchError::BadOrigin));
        }
    });
}

/// The list says nothing of who may transact.
#[test]
fn who_is_listed_is_not_thereby_registered() {
    run(Policy::Registered, || {
        assert_ok!(Registry::set_deployer(signed(OPERATOR), account(1), true));
        assert!(!Registry::can_transact(account(1)));
    });
}

#[test]
fn genesis_sets_policy_and_list() {
    let config = crate::GenesisConfig::<Test> {
        deploy_policy: Deployment::Listed,
        deployers: vec![account(1).into()],
        ..Default::default()
    };
    sp_io::TestExternalities::from(config.build_storage().expect("is valid")).execute_with(|| {
        assert_eq!(DeployPolicy::<Test>::get(), Deployment::Listed);
        assert_eq!(Deployers::<Test>::iter_keys().collect::<Vec<_>>(), [account(1)]);
        assert!(Registry::can_deploy(account(1)) && !Registry::can_deploy(account(2)));
    });
}
