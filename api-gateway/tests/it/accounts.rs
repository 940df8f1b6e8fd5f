//! What owners do to be let in: letters, passwords set anew, second factors.

use crate::on_both_engines;
use crate::support::{Answer, Gateway, PASSWORD, text, unique};
use hanse_tests::until;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use totp_rs::{Builder, Secret, Totp};

/// A mail server that keeps what it gets (RFC 5321, as much of it as a client needs).
struct Mailbox {
    address: std::net::SocketAddr,
    letters: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let kept = letters.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, kept.clone()));
            }
        });
        Self { address, letters }
    }

    fn settings(&self, more: &str) -> String {
        format!(
            "[mail]\ntransport = \"smtp\"\nsmtp_url = \"smtp://{}\"\nfrom = \"Hanse <no-reply@example.org>\"\n{more}",
            self.address
        )
    }

    /// The token of the newest letter to this address for this purpose, once there are so many.
    async fn token(&self, to: &str, purpose: &str, count: usize) -> String {
        let mark = format!("/account#{purpose}=");
        until("the letter arrives", Duration::from_secs(20), async || {
            let letters = self.letters.lock().unwrap();
            let mine: Vec<_> = letters
                .iter()
                .filter(|letter| letter.contains(&format!("To: {to}")) && letter.contains(&mark))
                .collect();
            let newest = mine.last().filter(|_| mine.len() == count);
            Ok(newest.map(|letter| letter.split(&mark).nth(1).unwrap().split_whitespace().next().unwrap().to_owned()))
        })
        .await
        .unwrap()
    }

    fn count(&self) -> usize {
        self.letters.lock().unwrap().len()
    }
}

async fn converse(stream: TcpStream, letters: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
            "QUIT" => return writer.write_all(b"221 bye\r\n").await,
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut letter = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    letter.push_str(&line);
                    letter.push('\n');
                }
                // Quoted-printable: a line that goes on, and the signs that a link may have.
                letters.lock().unwrap().push(letter.replace("=\n", "").replace("=3D", "="));
                b"250 kept\r\n"
            }
            _ => b"250 fine\r\n",
        };
        writer.write_all(answer).await?;
    }
    Ok(())
}

async fn post(gateway: &Gateway, path: &str, body: Value) -> Answer {
    gateway.post(path).json(&body).send().await
}

async fn log_in(gateway: &Gateway, email: &str, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "email": email, "password": password });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    post(gateway, "/sessions", body).await
}

on_both_engines!(who_signs_up_answers_a_letter_first, |gateway| {
    let mailbox = Mailbox::open().await;
    gateway.configure(&mailbox.settings("[auth]\nverified_email = true\n"));
    gateway.restart().await;
    let email = format!("ada{}@example.org", unique());
    let made = post(&gateway, "/owners", json!({ "email": email, "password": PASSWORD })).await.expect(201);
    assert_eq!(made["emailVerified"], false);
    log_in(&gateway, &email, PASSWORD, None).await.expect_problem(403, "email_unverified");
    // A wrong password learns nothing of it.
    log_in(&gateway, &email, "another password", None).await.expect_problem(401, "credentials_invalid");

    let token = mailbox.token(&email, "verify", 1).await;
    let page = gateway.client.get(format!("{}/account", gateway.base)).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    // The same letter once more within a minute, or one for who isn't there: the answer is the same, and nothing comes.
    for address in [&email, "nobody@example.org"] {
        post(&gateway, "/owners/verifications", json!({ "email": address })).await.expect(202);
    }
    // It is good for what it was sent for alone, and once.
    let stolen = json!({ "token": token, "password": "another password" });
    post(&gateway, "/owners/password-resets/confirm", stolen).await.expect_problem(401, "token_invalid");
    post(&gateway, "/owners/verifications/confirm", json!({ "token": token })).await.expect(204);
    post(&gateway, "/owners/verifications/confirm", json!({ "token": token }))
        .await
        .expect_problem(401, "token_invalid");
    let login = log_in(&gateway, &email, PASSWORD, None).await.expect(201);
    let me = gateway.get("/owners/me").bearer(&text(&login["accessToken"])).send().await.expect(200);
    assert_eq!(me["emailVerified"], true);
    assert_eq!(mailbox.count(), 1);
});

on_both_engines!(a_forgotten_password_is_set_anew, |gateway| {
    let mailbox = Mailbox::open().await;
    gateway.configure(&mailbox.settings(""));
    gateway.restart().await;
    let email = format!("ada{}@example.org", unique());
    let before = gateway.owner(&email).await;
    let call = async |path: &str, body: Value| {
        gateway.post(path).bearer(&text(&before["accessToken"])).json(&body).send().await
    };
    let made = call("/owners/me/totp", json!({ "currentPassword": PASSWORD })).await.expect(200);
    let device = Device::new(&text(&made["secret"]));
    call("/owners/me/totp/confirm", json!({ "code": device.code(0) })).await.expect(200);
    for _ in 0..3 {
        post(&gateway, "/owners/password-resets", json!({ "email": email.to_uppercase() })).await.expect(202);
    }
    let token = mailbox.token(&email, "reset", 1).await;
    let weak = json!({ "token": token, "password": "short" });
    post(&gateway, "/owners/password-resets/confirm", weak).await.expect_broken("password", "length");
    let body = json!({ "token": token, "password": "a new password" });
    // Of many at once one is taken.
    let tries = (0..8).map(|_| post(&gateway, "/owners/password-resets/confirm", body.clone()));
    let answers = futures::future::join_all(tries).await;
    let set = answers.iter().filter(|answer| answer.status.as_u16() == 204).count();
    assert_eq!(set, 1, "{answers:?}");
    log_in(&gateway, &email, PASSWORD, None).await.expect_problem(401, "credentials_invalid");
    // Who reads the owner's mail has not his device, too.
    log_in(&gateway, &email, "a new password", None).await.expect_problem(401, "second_factor_required");
    log_in(&gateway, &email, "a new password", Some(&device.code(1))).await.expect(201);
    // Whoever was logged in is out.
    let token = text(&before["accessToken"]);
    gateway.get("/owners/me").bearer(&token).send().await.expect_problem(401, "token_invalid");
    let refresh = json!({ "refreshToken": before["refreshToken"] });
    post(&gateway, "/sessions/refresh", refresh).await.expect_problem(401, "token_invalid");
});

on_both_engines!(without_mail_nobody_is_promised_a_letter, |gateway| {
    for path in ["/owners/verifications", "/owners/password-resets"] {
        post(&gateway, path, json!({ "email": "ada@example.org" })).await.expect_problem(403, "forbidden");
    }
});

struct Device(Totp);

impl Device {
    fn new(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    /// What it shows now, or so many half minutes later.
    fn code(&self, later: u64) -> String {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        self.0.generate(now_s + 30 * later).to_string()
    }
}

on_both_engines!(a_second_factor_is_asked_for_and_each_code_is_good_once, |gateway| {
    let email = format!("ada{}@example.org", unique());
    let token = text(&gateway.owner(&email).await["accessToken"]);
    let call = async |path: &str, body: Value| gateway.post(path).bearer(&token).json(&body).send().await;
    let wrong = json!({ "currentPassword": "not this one" });
    call("/owners/me/totp", wrong).await.expect_problem(401, "credentials_invalid");
    let made = call("/owners/me/totp", json!({ "currentPassword": PASSWORD })).await.expect(200);
    assert!(text(&made["uri"]).starts_with("otpauth://totp/"), "{made}");
    let device = Device::new(&text(&made["secret"]));
    // Not in use before it is confirmed.
    log_in(&gateway, &email, PASSWORD, None).await.expect(201);
    call("/owners/me/totp/confirm", json!({ "code": "000000x" })).await.expect_problem(401, "credentials_invalid");
    let code = device.code(0);
    let confirmed = call("/owners/me/totp/confirm", json!({ "code": code })).await.expect(200);
    let recovery: Vec<String> = confirmed["recoveryCodes"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(recovery.len(), 10);
    call("/owners/me/totp", json!({ "currentPassword": PASSWORD })).await.expect_problem(409, "conflict");
    let me = gateway.get("/owners/me").bearer(&token).send().await.expect(200);
    assert_eq!(me["secondFactor"], true);

    log_in(&gateway, &email, PASSWORD, None).await.expect_problem(401, "second_factor_required");
    log_in(&gateway, &email, "not this one", None).await.expect_problem(401, "credentials_invalid");
    // The code that confirmed it, seen over the shoulder.
    log_in(&gateway, &email, PASSWORD, Some(&code)).await.expect_problem(401, "credentials_invalid");
    let next = device.code(1);
    log_in(&gateway, &email, PASSWORD, Some(&next)).await.expect(201);
    log_in(&gateway, &email, PASSWORD, Some(&next)).await.expect_problem(401, "credentials_invalid");
    let typed = recovery[0].to_lowercase().replace('-', " ");
    log_in(&gateway, &email, PASSWORD, Some(&typed)).await.expect(201);
    log_in(&gateway, &email, PASSWORD, Some(&recovery[0])).await.expect_problem(401, "credentials_invalid");
    // Whoever guesses has to wait, with the right one, too.
    for _ in 0..2 {
        log_in(&gateway, &email, PASSWORD, Some("123456")).await.expect_problem(401, "credentials_invalid");
    }
    log_in(&gateway, &email, PASSWORD, Some(&recovery[1])).await.expect_problem(429, "too_many_attempts");
});

on_both_engines!(a_second_factor_goes_by_a_code, |gateway| {
    let email = format!("ada{}@example.org", unique());
    let token = text(&gateway.owner(&email).await["accessToken"]);
    let call = async |path: &str, body: Value| gateway.post(path).bearer(&token).json(&body).send().await;
    call("/owners/me/totp/disable", json!({ "code": "123456" })).await.expect_problem(409, "conflict");
    let made = call("/owners/me/totp", json!({ "currentPassword": PASSWORD })).await.expect(200);
    let device = Device::new(&text(&made["secret"]));
    let confirmed = call("/owners/me/totp/confirm", json!({ "code": device.code(0) })).await.expect(200);
    let recovery = text(&confirmed["recoveryCodes"][3]);
    call("/owners/me/totp/disable", json!({ "code": "123456" })).await.expect_problem(401, "credentials_invalid");
    call("/owners/me/totp/disable", json!({ "code": recovery })).await.expect(204);
    log_in(&gateway, &email, PASSWORD, None).await.expect(201);
    // What was written down is worth nothing for the next one.
    let made = call("/owners/me/totp", json!({ "currentPassword": PASSWORD })).await.expect(200);
    let device = Device::new(&text(&made["secret"]));
    call("/owners/me/totp/confirm", json!({ "code": device.code(0) })).await.expect(200);
    let old = text(&confirmed["recoveryCodes"][4]);
    log_in(&gateway, &email, PASSWORD, Some(&old)).await.expect_problem(401, "credentials_invalid");
    log_in(&gateway, &email, PASSWORD, Some(&device.code(1))).await.expect(201);
});

on_both_engines!(a_key_is_handed_out_after_a_second_factor_alone, |gateway| {
    let tenant = gateway.tenant().await;
    let token = &tenant.owner_token;
    let user = gateway.get(&format!("/users/{}", tenant.user)).bearer(&tenant.key).send().await.expect(200);
    let path = format!("/apps/{}/wallets/{}/export", tenant.app, text(&user["wallet"]["id"]));
    let passphrase = "a long and quiet sentence";
    let export = async |token: &str, code: &str, passphrase: &str| {
        gateway.post(&path).bearer(token).json(&json!({ "code": code, "passphrase": passphrase })).send().await
    };
    export(token, "123456", passphrase).await.expect_problem(401, "second_factor_required");
    let call = async |path: &str, body: Value| gateway.post(path).bearer(token).json(&body).send().await;
    let made = call("/owners/me/totp", json!({ "currentPassword": PASSWORD })).await.expect(200);
    let device = Device::new(&text(&made["secret"]));
    call("/owners/me/totp/confirm", json!({ "code": device.code(0) })).await.expect(200);
    export(token, "000000", passphrase).await.expect_problem(401, "credentials_invalid");
    // Reckoned once: half a minute may end between two requests.
    let next = device.code(1);
    export(token, &next, "short").await.expect_broken("passphrase", "length");
    let keystore = export(token, &next, passphrase).await.expect(200);
    assert_eq!(format!("0x{}", text(&keystore["address"])), text(&user["wallet"]["address"]));
    assert_eq!((&keystore["version"], &keystore["crypto"]["kdf"]), (&json!(3), &json!("scrypt")));
    assert!(!keystore.to_string().contains(passphrase));
    // The same code once more.
    export(token, &next, passphrase).await.expect_problem(401, "credentials_invalid");
    // Who is no admin has no business with keys, and another app's owner finds none.
    let email = format!("ben{}@example.org", unique());
    let ben = text(&gateway.owner(&email).await["accessToken"]);
    export(&ben, "123456", passphrase).await.expect_problem(404, "not_found");
    let body = json!({ "email": email, "role": "developer" });
    call(&format!("/apps/{}/members", tenant.app), body).await.expect(201);
    export(&ben, "123456", passphrase).await.expect_problem(403, "forbidden");
    // It is on record.
    let log = gateway.get(&format!("/apps/{}/audit", tenant.app)).bearer(token).send().await.expect(200);
    assert!(log["items"].as_array().unwrap().iter().any(|entry| entry.to_string().contains("/export")), "{log}");
});
