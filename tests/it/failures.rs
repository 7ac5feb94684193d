//! Tests of the live side under failure, with a real broker: brokers that are dead, that refuse topics or passwords, and
//! programs that misbehave.

use crate::support::{MODELS, Mosquitto, Publisher, cupola, json, scene_folder, small_scene};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A port on which nothing listens.
const DEAD: &str = "mqtt://127.0.0.1:9";

fn feeds(first: &str, second: &str) -> String {
    format!(
        r#"feeds: [(id: "a", url: "{first}", mappings: [(topic: "a/{{room}}", twin: "{{room}}", property: "temperature")]),
            (id: "b", url: "{second}", mappings: [(topic: "b/{{room}}", twin: "{{room}}", property: "label")])],"#
    )
}

fn text(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Publishes until the process ends, because a subscription is there at an unknown moment.
fn publish_until(broker: &Mosquitto, mut process: std::process::Child, topic: &str) -> Output {
    let mut publisher = Publisher::connect(broker.port);
    let begin = Instant::now();
    while process.try_wait().unwrap().is_none() {
        assert!(begin.elapsed() < Duration::from_secs(60));
        publisher.publish(&[(topic.into(), "21.5".into())]);
    }
    process.wait_with_output().unwrap()
}

fn start(arguments: &[&str], variables: &[(&str, &str)]) -> std::process::Child {
    let mut command = crate::support::program();
    command.args(arguments).envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_dead_broker_leaves_the_other_feed_working() {
    let broker = Mosquitto::start();
    let folder = scene_folder(MODELS, &small_scene(&feeds(&broker.url(), DEAD)));
    let scene = folder.path().to_str().unwrap();
    let question = "SELECT T.temperature FROM DIGITALTWINS T WHERE T.$dtId = 'r1'";
    let process = start(&["query", scene, question, "--listen", "3s", "--format", "json"], &[]);
    let output = publish_until(&broker, process, "a/r1");
    let (answer, said) = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(answer.contains("21.5"), "{answer}");
    assert!(said.contains(DEAD) && said.contains("can't be reached"), "{said}");
    let process = start(&["run", scene, "--source", "live", "--for", "3s", "--json"], &[]);
    let output = publish_until(&broker, process, "a/r1");
    let report = json(&output);
    assert_eq!(report["values"]["r1.temperature"]["value"], 21.5);
    let brokers = report["feed"]["brokers"].as_array().unwrap();
    assert_eq!(brokers.len(), 2);
    assert!(brokers.iter().any(|broker| broker["url"] == DEAD), "{brokers:?}");
}

#[test]
fn a_refused_subscription_is_named_and_the_others_work() {
    let access = r#"{"defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false,
        "unsubscribe": true}, "anonymousGroup": "anyone", "clients": [],
        "groups": [{"groupname": "anyone", "roles": [{"rolename": "reader"}], "clients": []}],
        "roles": [{"rolename": "reader", "acls": [{"acltype": "subscribePattern", "topic": "a/#", "priority": 0, "allow": true}]}]}"#;
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/local/lib"];
    let plugins = folders.map(|folder| format!("{folder}/mosquitto_dynamic_security.so"));
    let plugin = plugins.iter().find(|plugin| Path::new(plugin).exists()).expect("the plugin is part of mosquitto");
    let lines = format!("allow_anonymous true\nplugin {plugin}\nplugin_opt_config_file FOLDER/access.json\n");
    let broker = Mosquitto::configured(&lines, &[("access.json", access)]);
    let folder = scene_folder(MODELS, &small_scene(&feeds(&broker.url(), &broker.url())));
    let scene = folder.path().to_str().unwrap();
    let process = start(&["run", scene, "--source", "live", "--for", "3s", "--json"], &[]);
    let output = publish_until(&broker, process, "a/r1");
    let (_, said) = text(&output);
    assert!(output.status.success(), "{:?} {said}", output.status);
    assert_eq!(json(&output)["values"]["r1.temperature"]["value"], 21.5);
    assert!(said.contains("refuses the subscription of b/+"), "{said}");
}

#[test]
fn passwords_go_only_to_hosts_that_a_person_names() {
    // The hash of the password `secret`.
    let hash = Command::new("mosquitto_passwd").args(["-c", "-b", "/dev/stdout", "me", "secret"]).output();
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let made = Command::new("mosquitto_passwd").arg("-c").arg("-b").arg(&users).args(["me", "secret"]).status();
    assert!(made.is_ok_and(|status| status.success()) || hash.is_ok(), "mosquitto_passwd is part of mosquitto");
    let users = std::fs::read_to_string(&users).unwrap();
    let broker = Mosquitto::configured("allow_anonymous false\npassword_file FOLDER/users\n", &[("users", &users)]);
    let scene = scene_folder(MODELS, &small_scene(&feeds(&broker.url(), &broker.url())));
    let scene = scene.path().to_str().unwrap();
    let credentials = [("CUPOLA_MQTT_USER", "me"), ("CUPOLA_MQTT_PASSWORD", "secret")];
    let port = format!("127.0.0.1:{}", broker.port);
    let url = broker.url();
    for (arguments, more, is_connected) in [
        (vec![], vec![], false),
        (vec![], vec![("CUPOLA_MQTT_HOST", "broker.example")], false),
        (vec![], vec![("CUPOLA_MQTT_HOST", "127.0.0.1")], true),
        (vec![], vec![("CUPOLA_MQTT_HOST", port.as_str())], true),
        (vec!["--broker", url.as_str()], vec![], true),
        (vec!["--broker", url.as_str()], vec![("CUPOLA_MQTT_PASSWORD", "wrong")], false),
    ] {
        let arguments = [vec!["run", scene, "--source", "live", "--for", "1s"], arguments].concat();
        let process = start(&arguments, &[credentials.to_vec(), more.clone()].concat());
        let output = process.wait_with_output().unwrap();
        let (_, said) = text(&output);
        assert_eq!(output.status.success(), is_connected, "{arguments:?} {more:?}: {said}");
        let is_withheld = !is_connected && !arguments.contains(&"--broker");
        assert_eq!(said.contains("CUPOLA_MQTT_HOST=127.0.0.1"), is_withheld, "{said}");
    }
}

/// Returns a scene whose processor runs `p.sh` beside it.
fn with_program(script: &str) -> tempfile::TempDir {
    let more = r#"processors: [(id: "p", model: "Room", inputs: {"t": "temperature"}, outputs: ["co2"], timeout: "2s",
        command: ["sh", "p.sh"])],
      simulation: (start: "2026-01-12T08:00:00Z", step: "1m", zones: [(model: "Room", area: "area", people: 2.0)],
        shows: [(model: "Room", property: "temperature", quantity: temperature)]),"#;
    let folder = scene_folder(MODELS, &small_scene(more));
    std::fs::write(folder.path().join("p.sh"), script).unwrap();
    folder
}

fn run_program(folder: &Path, duration: &str) -> serde_json::Value {
    json(&cupola(&["run", folder.to_str().unwrap(), "--for", duration, "--json", "--allow-programs"]))
}

#[test]
fn lines_before_an_answer_are_quoted_and_the_answer_is_taken() {
    let answer = r#"sed -u -E 's/.*"id":"([^"]*)".*/{"id":"\1","twins":[{"$dtId":"r1","co2":700}]}/'"#;
    let folder = with_program(&format!("echo loading the model\necho NaN\n{answer}\n"));
    let report = run_program(folder.path(), "3m");
    assert_eq!(report["values"]["r1.co2"]["value"], 700.0, "{}", report["processors"]);
    let status = &report["processors"][0];
    assert_eq!((&status["is_failing"], &status["rejected"]), (&false.into(), &2.into()), "{status}");
    let folder = with_program("echo Traceback: no module\nexec cat > /dev/null\n");
    let status = run_program(folder.path(), "2m")["processors"][0].clone();
    assert!(status["last_error"].as_str().unwrap().contains("`Traceback: no module`"), "{status}");
}

#[test]
fn the_programs_of_a_script_end_with_it() {
    let folder = with_program("sleep 300 &\necho $! > child\nwait\n");
    // The second step waits for the answer to the first.
    run_program(folder.path(), "2m");
    let child = std::fs::read_to_string(folder.path().join("child")).unwrap();
    let begin = Instant::now();
    // A process that has ended and was not collected yet is a zombie.
    let is_running = || {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    while is_running() {
        assert!(begin.elapsed() < Duration::from_secs(10), "the program of the script runs on");
        std::thread::yield_now();
    }
}

#[test]
fn a_program_that_changes_after_the_permission_does_not_start() {
    // The program replaces itself and ends, so that it would be started again.
    let folder = with_program("read line\nsleep 0.5\necho 'echo changed > was-started' > q.sh\nmv q.sh p.sh\nexit\n");
    let report = run_program(folder.path(), "10m");
    let status = &report["processors"][0];
    assert!(!folder.path().join("was-started").exists());
    assert!(status["is_failing"] == true, "{status}");
}

#[test]
fn the_time_limit_of_a_query_covers_the_simulation() {
    let office = crate::support::repository("scenes/office");
    let begin = Instant::now();
    let question = "SELECT T.$dtId FROM DIGITALTWINS T";
    let output =
        cupola(&["query", office.to_str().unwrap(), question, "--timeout", "1", "--at", "2030-01-12T07:00:00Z"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(text(&output).1.contains("the simulation has come to 2026"), "{}", text(&output).1);
}

#[test]
fn the_report_of_a_run_names_cleared_alarms_and_queries_repeat_no_warnings() {
    let more = r#"alarms: [(id: "busy", model: "Room", when: "people > 0", severity: warning, message: "Somebody is here.")],
      feeds: [(id: "a", url: "mqtt://127.0.0.1:1", mappings: [
        (topic: "a/{room}", twin: "{room}", property: "temperature"),
        (topic: "b/{room}", twin: "{room}", property: "temperature")])],
      simulation: (start: "2026-01-12T06:00:00Z", step: "5m", zones: [(model: "Room", area: "area", people: 3.0)],
        shows: [(model: "Room", property: "people", quantity: people)]),"#;
    let scene = small_scene(more);
    let folder = scene_folder(MODELS, &scene);
    let path = folder.path().to_str().unwrap();
    let report = json(&cupola(&["run", path, "--for", "24h", "--json"]));
    let cleared = report["alarms_cleared"].as_array().unwrap();
    assert!(!cleared.is_empty(), "{}", report["alarms_raised"]);
    for alarm in cleared {
        assert_eq!(alarm["id"], "busy");
        assert!(alarm["since"].as_str().unwrap() < alarm["until"].as_str().unwrap(), "{alarm}");
    }
    let active = report["alarms"].as_array().unwrap().len();
    assert_eq!(report["alarms_raised"], cleared.len() + active);
    let output = cupola(&["run", path, "--for", "24h"]);
    assert!(text(&output).0.contains("cleared: r"), "{}", text(&output).0);
    let output = cupola(&["check", path]);
    assert!(text(&output).0.contains("several-sources"), "{}", text(&output).0);
    let output = cupola(&["query", path, "SELECT T FROM DIGITALTWINS T"]);
    assert_eq!(text(&output).1, "");
}
