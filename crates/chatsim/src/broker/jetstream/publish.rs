//! Handing messages to the server until it has them: this hop is reliable.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        Context,
        context::{PublishError, PublishErrorKind},
        message::PublishMessage,
    },
};
use delivery::MessageId;
use tokio::time::{Instant, sleep};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Publishes again until the server confirms, at most for so long. It keeps the message once, by its number.
pub(super) async fn publish(
    context: Context,
    topic: String,
    message: MessageId,
    patience: Duration,
) -> Result<(), PublishError> {
    let deadline = Instant::now() + patience;
    while let Err(err) = try_publish(&context, &topic, message).await {
        if Instant::now() >= deadline {
            return Err(err);
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn try_publish(
    context: &Context,
    topic: &str,
    message: MessageId,
) -> Result<(), PublishError> {
    let number = message.0.to_string();
    let publish = PublishMessage::build().message_id(&number).payload(number.into());
    context.send_publish(topic.to_owned(), publish).await?.await?;
    Ok(())
}

/// Direct messages are published once, each at a subject of its own.
pub(super) async fn send_direct(
    client: Client,
    subjects: Vec<String>,
    message: MessageId,
) -> Result<(), PublishError> {
    for subject in subjects {
        let sent = client.publish(subject, message.0.to_string().into()).await;
        sent.map_err(|err| PublishError::with_source(PublishErrorKind::Other, err))?;
    }
    Ok(())
}
