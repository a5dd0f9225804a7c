//! What a run has on the server: a stream with a durable consumer for each subscriber, all named for the run.
//!
//! They end with the run. What a run that was killed has left there, the next one removes: a run listens at a
//! subject of its own for as long as it lives, and the server knows whether anybody does.

use std::time::Duration;

use async_nats::{
    Client, Request, RequestErrorKind,
    jetstream::{
        Context,
        consumer::{AckPolicy, push},
        stream::{self, StorageType},
    },
};
use delivery::{Backoff, Config};
use futures_util::StreamExt;
use tokio::time::sleep;

use super::outcome::consumer_name;

const PREFIX: &str = "chatsim-";

/// What else tells a stream of ours from one that happens to be called like it.
const DESCRIPTION: &str = "messages of a run of chatsim, whose next run removes it";

/// Streams that are looked at for what is left of others.
const LEFTOVERS_MAX: usize = 1_000;

/// A run that lives may be connecting again, after its server was; it tries more often than that.
const RECONNECTING_MAX: Duration = Duration::from_secs(2);

/// Nobody answers where a run listens, and the server says at once where none does.
const ANSWER_WAIT: Duration = Duration::from_millis(300);

/// Publishing again what was published before a server was killed has no effect for so long.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

#[derive(Clone, Debug)]
pub(super) struct RunStream {
    id: String,
}

impl RunStream {
    /// With a name that nobody else has.
    pub(super) fn new(client: &Client) -> Self {
        let unique = client.new_inbox();
        let id = unique.rsplit('.').next().unwrap_or(&unique);
        Self { id: id.to_owned() }
    }

    fn of_stream(name: &str) -> Option<Self> {
        name.strip_prefix(PREFIX).map(|id| Self { id: id.to_owned() })
    }

    pub(super) fn name(&self) -> String {
        format!("{PREFIX}{}", self.id)
    }

    /// Where messages are published.
    pub(super) fn topic(&self) -> String {
        self.subject("message")
    }

    /// Where the consumers deliver, all of them: a server of version 2.9 delivers nothing where somebody
    /// listens to a wildcard alone, and the reply address tells whose delivery it is.
    pub(super) fn deliveries(&self) -> String {
        self.subject("deliver")
    }

    /// Where Direct messages for a subscriber go, past the stream.
    pub(super) fn direct(&self, subscriber: impl std::fmt::Display) -> String {
        self.subject(&format!("direct.{subscriber}"))
    }

    /// Where a run listens for as long as it lives.
    pub(super) fn alive(&self) -> String {
        self.subject("alive")
    }

    /// Events that say which ACKs count.
    pub(super) fn acknowledged(&self) -> String {
        format!("$JS.EVENT.METRIC.CONSUMER.ACK.{}.*", self.name())
    }

    /// Events that say which messages are repeated no more.
    pub(super) fn exhausted(&self) -> String {
        format!("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{}.*", self.name())
    }

    fn subject(&self, last: &str) -> String {
        format!("chatsim.{}.{last}", self.id)
    }

    pub(super) async fn create(
        &self,
        context: &Context,
        config: &Config,
    ) -> Result<(), async_nats::Error> {
        // On the disk of the server, so that it survives the server.
        let stream = context.create_stream(stream::Config {
            name: self.name(),
            subjects: vec![self.topic()],
            description: Some(DESCRIPTION.to_owned()),
            storage: StorageType::File,
            duplicate_window: DUPLICATE_WINDOW,
            ..stream::Config::default()
        });
        let stream = stream.await?;
        for subscriber in 0..config.subscribers {
            stream.create_consumer(self.consumer(config, subscriber)).await?;
        }
        Ok(())
    }

    fn consumer(&self, config: &Config, subscriber: u32) -> push::Config {
        push::Config {
            durable_name: Some(consumer_name(subscriber)),
            deliver_subject: self.deliveries(),
            ack_policy: AckPolicy::Explicit,
            ack_wait: config.wait_after(0),
            backoff: backoff(config),
            // 0 would mean: for ever.
            max_deliver: i64::from(config.max_retries) + 1,
            max_ack_pending: config.window.map_or(-1, i64::from),
            // Of every ACK that counts, an event says so.
            sample_frequency: 100,
            ..push::Config::default()
        }
    }

    /// Whether the server delivers nothing more of its own accord.
    pub(super) async fn is_idle(
        &self,
        context: &Context,
        subscribers: u32,
    ) -> Result<bool, async_nats::Error> {
        let stream = context.get_stream(self.name()).await?;
        for subscriber in 0..subscribers {
            let info = stream.consumer_info(consumer_name(subscriber)).await?;
            if info.num_pending > 0 || info.num_ack_pending > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// With its consumers.
    pub(super) async fn remove(&self, context: &Context) -> Result<(), async_nats::Error> {
        context.delete_stream(self.name()).await?;
        Ok(())
    }

    async fn is_ours(&self, context: &Context) -> bool {
        let Ok(stream) = context.get_stream(self.name()).await else { return false };
        let config = &stream.cached_info().config;
        config.subjects == [self.topic()] && config.description.as_deref() == Some(DESCRIPTION)
    }

    async fn is_abandoned(&self, client: &Client) -> bool {
        let request = Request::new().timeout(Some(ANSWER_WAIT));
        let answer = client.send_request(self.alive(), request).await;
        answer.is_err_and(|err| err.kind() == RequestErrorKind::NoResponders)
    }
}

/// The wait after each attempt; empty where they are all `ack_wait`. A server of version 2.9 takes fewer waits
/// than attempts, and repeats the last of them. So the last one is half of what it should be, which moves
/// the moment of giving up and no attempt.
fn backoff(config: &Config) -> Vec<Duration> {
    match config.backoff {
        Backoff::None => Vec::new(),
        Backoff::Exponential => {
            (0..config.max_retries).map(|attempt| config.wait_after(attempt)).collect()
        }
    }
}

/// Removes what runs that were killed have left.
pub(super) async fn remove_leftovers(
    client: &Client,
    context: &Context,
) -> Result<(), async_nats::Error> {
    let mut names = context.stream_names().take(LEFTOVERS_MAX);
    let mut abandoned = Vec::new();
    while let Some(name) = names.next().await {
        let Some(run) = RunStream::of_stream(&name?) else { continue };
        if run.is_ours(context).await && run.is_abandoned(client).await {
            abandoned.push(run);
        }
    }
    if abandoned.is_empty() {
        return Ok(());
    }
    sleep(RECONNECTING_MAX).await;
    for run in abandoned {
        if run.is_abandoned(client).await {
            // Where another run was faster there is nothing left to remove.
            let _ = run.remove(context).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use testkit::Nats;

    use super::*;
    use crate::broker::jetstream::connect;

    async fn names(context: &Context) -> Vec<String> {
        context.stream_names().map(Result::unwrap).collect().await
    }

    /// Nobody listens for it: the run that made it was killed.
    #[tokio::test]
    async fn the_stream_of_a_killed_run_is_removed_and_no_other() {
        let Some(nats) = Nats::start() else { return };
        let (client, _events) = connect::connect(&nats.url().parse().unwrap()).await.unwrap();
        let context = connect::jetstream(&client);
        let [killed, living] = [(); 2].map(|()| RunStream::new(&client));
        let _alive = client.subscribe(living.alive()).await.unwrap();
        for run in [&killed, &living] {
            run.create(&context, &Config::default()).await.unwrap();
        }
        // Of somebody else.
        let alike = stream::Config {
            name: format!("{PREFIX}orders"),
            subjects: vec!["orders".to_owned()],
            ..stream::Config::default()
        };
        context.create_stream(alike).await.unwrap();
        remove_leftovers(&client, &context).await.unwrap();
        let mut left = names(&context).await;
        left.sort();
        let mut expected = [living.name(), format!("{PREFIX}orders")];
        expected.sort();
        assert_eq!(left, expected);
    }

    #[test]
    fn a_consumer_repeats_as_the_sender_would() {
        let run = RunStream { id: "x".to_owned() };
        let config = Config { max_retries: 3, backoff: Backoff::Exponential, ..Config::default() };
        let consumer = run.consumer(&config, 2);
        assert_eq!((consumer.max_deliver, consumer.max_ack_pending), (4, -1));
        assert_eq!(consumer.ack_wait, Duration::from_millis(600));
        assert_eq!(consumer.backoff, [600, 1200, 2400].map(Duration::from_millis));
        let window = run.consumer(&Config { window: Some(32), ..config }, 2).max_ack_pending;
        assert_eq!(window, 32);
    }

    #[test]
    fn without_retries_a_message_is_delivered_once_and_not_for_ever() {
        let config = Config { max_retries: 0, backoff: Backoff::Exponential, ..Config::default() };
        let consumer = RunStream { id: "x".to_owned() }.consumer(&config, 0);
        assert_eq!((consumer.max_deliver, consumer.backoff), (1, Vec::new()));
    }
}
