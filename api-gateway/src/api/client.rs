//! Where a request comes from.

use crate::config::Config;
use axum::http::{Extensions, HeaderMap};
use std::net::{IpAddr, SocketAddr};

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The caller's address: the other end of the connection, or what the operator's own proxy says of it, which is the last
/// address in its header. What stands before that, anybody may have written.
pub fn address(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> Option<IpAddr> {
    let header = &config.server.client_address_header;
    if !header.is_empty()
        && let Some(value) = headers.get_all(header).iter().next_back()
        && let Some(last) = value.to_str().ok().and_then(|text| text.rsplit(',').next())
        && let Ok(address) = last.trim().parse()
    {
        return Some(address);
    }
    extensions.get::<Peer>().map(|peer| peer.0.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_of_the_proxys_header_counts() {
        let mut extensions = Extensions::new();
        extensions.insert(Peer("192.0.2.1:99".parse().unwrap()));
        let seen = |header: &str, values: &[&str]| {
            let config = Config::from_toml(&format!("[server]\nclient_address_header = \"{header}\"")).unwrap();
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            address(&headers, &extensions, &config).unwrap().to_string()
        };
        assert_eq!(seen("", &["198.51.100.1"]), "192.0.2.1", "nobody is believed by default");
        assert_eq!(seen("x-forwarded-for", &["203.0.113.9, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("x-forwarded-for", &["203.0.113.9", "2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen("x-forwarded-for", &["unknown"]), "192.0.2.1");
        assert_eq!(seen("x-forwarded-for", &[]), "192.0.2.1");
    }
}
