//! Where webhooks may be sent: not into the operator's own network (server-side request forgery).
//!
//! An app chooses the URL, so the gateway must not become its hand behind the firewall. The name is looked at when the
//! webhook is made, and the addresses that it resolves to at each attempt: a name may point elsewhere by then. Redirects
//! are not followed.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Checks a URL as far as its text goes. The error is a sentence's end: "must be …".
///
/// # Errors
/// When it is no URL for a webhook.
pub fn check_url(text: &str, allow_private: bool) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        _ => return Err("must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user name or password");
    }
    if url.fragment().is_some() {
        return Err("must have no fragment");
    }
    // Numbers of every writing are addresses in the usual one by now.
    let host = url.host_str().ok_or("must name a host")?.trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(address) if !allow_private && !is_public(address) => Err("must name a public host"),
        _ => Ok(url),
    }
}

/// Resolves names to public addresses only.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found.into_iter().filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                let refused = io::Error::new(io::ErrorKind::PermissionDenied, "the host has no public address");
                return Err(refused.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether the address is one of the public internet (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by providers (RFC 6598), protocol assignments, 6to4 relays, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // An IPv4 address in another dress: mapped, translated (NAT64), or tunnelled (6to4).
    let segments = address.segments();
    let inner = match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = inner {
        return is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    }
    // Global unicast is 2000::/3; out of it documentation (2001:db8::/32, 3fff::/20) and protocols (2001::/23).
    let global = segments[0] & 0xe000 == 0x2000;
    let special = (segments[0] == 0x2001 && (segments[1] == 0xdb8 || segments[1] < 0x200))
        || (segments[0] == 0x3fff && segments[1] < 0x1000);
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn urls_are_checked_by_their_text() {
        assert!(check_url("https://example.org/hook?a=1", false).is_ok());
        assert!(check_url("http://127.0.0.1:9/hook", true).is_ok());
        for (wrong, why) in [
            ("hook", "absolute"),
            ("http://example.org", "https"),
            ("ftp://example.org", "https"),
            ("https://user:secret@example.org", "password"),
            ("https://example.org/#part", "fragment"),
            ("https://127.0.0.1/", "public"),
            ("https://2130706433/", "public"),
            ("https://0x7f.1/", "public"),
            ("https://[::1]/", "public"),
            ("https://[::ffff:169.254.169.254]/", "public"),
        ] {
            let fault = check_url(wrong, false).unwrap_err();
            assert!(fault.contains(why), "{wrong}: {fault}");
        }
    }
}
