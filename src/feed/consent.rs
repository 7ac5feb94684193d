//! The permission to connect to the brokers that a scene names. A scene may come from anywhere, and a connection tells its
//! broker that somebody has opened it.

use crate::action::{Action, ActionResult};
use crate::session::{SessionOptions, connect_again, timeline_of};
use crate::timeline::{OpenScene, SourceKind};
use bevy::prelude::*;
use cupola_run::Actor;
use cupola_run::feed::address;
use cupola_scene::Document;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

/// The hosts that a person has allowed for the brokers of scenes.
#[derive(Resource, Clone, Debug)]
pub struct AllowedBrokers {
    /// Whether every host is allowed, because the person has asked for a connection on the command line.
    all: bool,
    hosts: BTreeSet<String>,
    /// The file in which the hosts are kept.
    file: Option<PathBuf>,
}

impl Default for AllowedBrokers {
    fn default() -> Self {
        Self { all: true, hosts: BTreeSet::new(), file: None }
    }
}

impl AllowedBrokers {
    /// Creates the permission for some hosts, which is not kept.
    pub fn of(hosts: impl IntoIterator<Item = String>) -> Self {
        Self { all: false, hosts: hosts.into_iter().collect(), file: None }
    }

    /// Reads the hosts that were allowed before from the user's configuration.
    pub fn kept() -> Self {
        let file = crate::settings::file("brokers.json");
        let hosts: Vec<String> = crate::settings::read(file.as_deref());
        Self { file, ..Self::of(hosts) }
    }

    /// Returns whether a broker may be connected to. This computer itself is always allowed.
    pub fn allows(&self, url: &str) -> bool {
        let Ok((host, _)) = address(url) else { return true };
        let is_own = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.all || is_own || self.hosts.contains(&host)
    }

    fn allow(&mut self, urls: &[String]) {
        self.hosts.extend(urls.iter().filter_map(|url| Some(address(url).ok()?.0)));
        // Without a configuration folder, the permission lasts for the session.
        crate::settings::write(self.file.as_deref(), &self.hosts);
    }
}

/// The action that allows the hosts of brokers, and connects to the brokers of the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct AllowBrokers(pub Vec<String>);

impl Action for AllowBrokers {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        world.resource_mut::<AllowedBrokers>().allow(&self.0);
        // The scene's brokers replace one that was named before.
        world.resource_mut::<SessionOptions>().broker = None;
        if let Some(live) = timeline_of(world, SourceKind::Live) {
            connect_again(world, live);
        }
        Ok(None)
    }
}

/// The action that allows the hosts of all brokers that the open scene names, and connects to them.
#[derive(Clone, Debug, PartialEq)]
pub struct AllowSceneBrokers;

impl Action for AllowSceneBrokers {
    fn apply(self: Box<Self>, world: &mut World, actor: &Actor) -> ActionResult {
        let scene = world.get_resource::<OpenScene>().map(|open| open.0.clone()).ok_or("no scene is open")?;
        let urls = brokers_of(&scene.document);
        if urls.is_empty() {
            return Err("the scene names no broker: add `feeds` to it".into());
        }
        Box::new(AllowBrokers(urls)).apply(world, actor)
    }
}

/// Returns the addresses of all brokers that a scene names: those of its feeds and of its processors.
pub fn brokers_of(document: &Document) -> Vec<String> {
    let feeds = document.feeds.iter().map(|feed| feed.url.clone());
    let services = document.processors.iter().filter_map(|doc| Some(doc.mqtt.as_ref()?.url.clone()));
    let urls: BTreeSet<String> = feeds.chain(services).collect();
    urls.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_hosts_need_a_permission() {
        let mut allowed = AllowedBrokers::of([]);
        for (url, is_allowed) in [
            ("mqtt://127.0.0.1:1883", true),
            ("mqtt://localhost", true),
            ("mqtt://[::1]:1883", true),
            ("mqtt://plant.example.com", false),
            ("mqtt://localhost.example.com", false),
            ("mqtt://10.0.0.4:1883", false),
        ] {
            assert_eq!(allowed.allows(url), is_allowed, "{url}");
        }
        allowed.allow(&["mqtt://plant.example.com:8883".into()]);
        assert!(allowed.allows("mqtt://plant.example.com") && !allowed.allows("mqtt://example.com"));
        assert!(AllowedBrokers::default().allows("mqtt://plant.example.com"));
    }
}
