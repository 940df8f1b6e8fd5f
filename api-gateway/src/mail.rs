//! Letters to owners: that an address is theirs, and how to set a password anew.
//!
//! A letter is sent behind the request's back, so that how long an answer takes tells nobody whether an account exists. It
//! is tried a few times; who got none asks for another. Their links carry a token in the fragment, which browsers send to no
//! server and which stands in no server's log.

use crate::config::{Config, ConfigError, Mail, MailTransport};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use std::sync::Arc;
use std::time::Duration;

/// Pauses before a letter is tried again.
const RETRIES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(300)];

/// Longest conversation with the mail server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Whether mail can be sent by these settings.
///
/// # Errors
/// When the sender or the server's URL can't be read.
pub fn check(mail: &Mail) -> Result<(), ConfigError> {
    sender(mail)?;
    if mail.transport == MailTransport::Smtp { smtp(mail).map(drop) } else { Ok(()) }
}

fn sender(mail: &Mail) -> Result<Mailbox, ConfigError> {
    mail.from.parse().map_err(|_| ConfigError::of("mail.from", "must be like Name <name@example.org>"))
}

fn smtp(mail: &Mail) -> Result<AsyncSmtpTransportBuilder, ConfigError> {
    let wrong = |_| ConfigError::of("mail.smtp_url", "must be like smtps://user:password@host:465");
    AsyncSmtpTransport::<Tokio1Executor>::from_url(mail.smtp_url.expose()).map_err(wrong)
}

#[derive(Clone)]
enum Transport {
    Off,
    Log,
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// Sends letters. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: Transport,
    from: Arc<Mailbox>,
    public_url: Arc<str>,
}

/// What a letter's link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Shows that the address is the owner's.
    Verify,
    /// Sets a password anew.
    Reset,
}

impl Purpose {
    /// As the database and links have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Verify => "Confirm your e-mail address",
            Self::Reset => "Set a new password",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Verify => {
                "Somebody, most likely you, has signed up with this address. To confirm that it is yours, open"
            }
            Self::Reset => "Somebody, most likely you, wants to set a new password for this account. To do so, open",
        }
    }
}

impl Mailer {
    /// By settings that were [checked](check).
    ///
    /// # Errors
    /// When they weren't.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let transport = match config.mail.transport {
            MailTransport::Off => Transport::Off,
            MailTransport::Log => Transport::Log,
            MailTransport::Smtp => Transport::Smtp(smtp(&config.mail)?.timeout(Some(TIMEOUT)).build()),
        };
        Ok(Self { transport, from: Arc::new(sender(&config.mail)?), public_url: config.public_url().into() })
    }

    /// Whether letters are sent at all.
    pub fn is_on(&self) -> bool {
        !matches!(self.transport, Transport::Off)
    }

    /// Sends a link with this token.
    pub async fn send(&self, to: &str, purpose: Purpose, token: &str) {
        let link = format!("{}/account#{}={token}", self.public_url, purpose.as_str());
        let smtp = match &self.transport {
            Transport::Off => return,
            Transport::Log => return tracing::info!(to, purpose = purpose.as_str(), link, "a letter"),
            Transport::Smtp(smtp) => smtp,
        };
        let letter = match self.letter(to, purpose, &link) {
            Ok(letter) => letter,
            // An address that we take and mail doesn't.
            Err(error) => return tracing::warn!(%error, "a letter can't be written"),
        };
        for pause in RETRIES.into_iter().map(Some).chain([None]) {
            let error = match smtp.send(letter.clone()).await {
                Ok(_) => {
                    metrics::counter!("hanse_gateway_mails_total", "outcome" => "sent").increment(1);
                    return;
                }
                Err(error) => error,
            };
            let Some(pause) = pause.filter(|_| !error.is_permanent()) else {
                metrics::counter!("hanse_gateway_mails_total", "outcome" => "lost").increment(1);
                return tracing::error!(%error, "a letter is lost");
            };
            tracing::warn!(%error, "the mail server takes no letter; trying again");
            tokio::time::sleep(pause).await;
        }
    }

    fn letter(
        &self,
        to: &str,
        purpose: Purpose,
        link: &str,
    ) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
        let body = format!(
            "{}:\n\n{link}\n\nThe link is good once and for a short time. If it wasn't you, leave it alone: nothing \
             happens then.\n",
            purpose.sentence()
        );
        Ok(Message::builder()
            .from((*self.from).clone())
            .to(to.parse()?)
            .subject(purpose.subject())
            .header(ContentType::TEXT_PLAIN)
            .body(body)?)
    }
}
