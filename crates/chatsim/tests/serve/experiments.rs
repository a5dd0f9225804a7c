//! Experiments: twenty messages to look at, ten thousand at once to be sure.

use serde_json::{Value, json};

use crate::{page::Page, serve};

async fn begin(page: &mut Page, experiment: u32) -> Value {
    page.say(json!({"type": "run_experiment", "experiment": experiment, "seed": 3})).await;
    page.wait_for("experiment_started").await
}

/// The results of an experiment until its end: of all cases in virtual time, and on the clock.
async fn results(page: &mut Page) -> [Vec<Value>; 2] {
    let mut results = [Vec::new(), Vec::new()];
    loop {
        let message = page.next().await;
        match message["type"].as_str().unwrap() {
            "experiment_batch" => results[0].push(message),
            "experiment_live" => results[1].push(message),
            "experiment_done" => return results,
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_first_experiment_finds_what_the_closed_forms_say_and_leaves_the_network_alone() {
    let server = serve(&[]);
    let mut page = Page::open(server.address()).await;
    page.configure(json!({"loss": 77})).await;
    let started = begin(&mut page, 1).await;
    assert_eq!(started["cases"].as_array().unwrap().len(), 2);
    let [batch, live] = results(&mut page).await;
    for (result, delivered) in batch.iter().zip([0.9, 0.999]) {
        assert_eq!(result["batch"]["settled"], 10_000);
        let predicted = result["predicted"]["delivered"].as_f64().unwrap();
        assert!((predicted - delivered).abs() < 1e-9, "{result}");
        for (name, z) in result["z"].as_object().unwrap() {
            assert!(z.as_f64().is_none_or(|z| z.abs() < 4.2), "{name}: {result}");
        }
        assert!(result["z"]["delivered"].is_f64() && result["z"]["latency"].is_f64(), "{result}");
    }
    assert_eq!((batch.len(), live.len()), (2, 2));
    for result in &live {
        assert_eq!(
            (&result["live"]["targets"], &result["live"]["settled"]),
            (&json!(20), &json!(20))
        );
    }
    assert_eq!(Page::open(server.address()).await.connected["config"]["loss"], 77.0);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_numbers_and_so_does_another_server() {
    let mut all = Vec::new();
    for runner in ["thread", "async"] {
        let server = serve(&["--runner", runner]);
        let mut page = Page::open(server.address()).await;
        begin(&mut page, 2).await;
        let [batch, _] = results(&mut page).await;
        all.push(batch.into_iter().map(|result| result["batch"].clone()).collect::<Vec<_>>());
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0].len(), 3);
}

#[tokio::test]
async fn of_an_experiment_everybody_sees_the_messages_and_only_one_is_under_way() {
    let server = serve(&[]);
    let (mut page, mut other) =
        (Page::open(server.address()).await, Page::open(server.address()).await);
    let run = begin(&mut page, 0).await["run"].clone();
    let packet = other.wait_for("packet").await;
    assert_eq!((&packet["run"], &packet["from"], &packet["to"]), (&run, &json!("A"), &json!("B")));
    other.say(json!({"type": "run_experiment", "experiment": 1})).await;
    assert_eq!(other.wait_for("error").await["code"], "experiment_running");
    other.say(json!({"type": "cancel", "run": 999})).await;
    assert_eq!(other.wait_for("error").await["code"], "unknown_run");
    other.say(json!({"type": "cancel", "run": run})).await;
    assert_eq!(page.wait_for("experiment_cancelled").await["run"], run);
    let next = begin(&mut page, 0).await;
    assert_ne!(next["run"], run);
}

#[tokio::test]
async fn each_experiment_of_the_course_comes_to_its_end() {
    let server = serve(&[]);
    let mut page = Page::open(server.address()).await;
    for (experiment, cases) in [(3, 4), (4, 12), (5, 3)] {
        begin(&mut page, experiment).await;
        let [batch, live] = results(&mut page).await;
        assert_eq!((batch.len(), live.len()), (cases, cases), "experiment {experiment}");
        for result in &batch {
            let scores = result["z"].as_object().unwrap().values().filter_map(Value::as_f64);
            assert!(scores.clone().all(|z| z.abs() < 4.2), "{result}");
        }
    }
}
