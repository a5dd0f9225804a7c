//! Transfers from holders that behave as a test says, without a network; `network` has real ones.

mod network;

use std::{collections::BTreeMap, fs, future, path::Path, sync::Arc, sync::Mutex};

use bao_tree::blake3;
use iroh::{EndpointAddr, EndpointId, SecretKey};
use n0_future::{Stream, stream};
use tempfile::TempDir;

use super::{
    partial::{IfExists, TargetError},
    *,
};
use crate::blobs::known::Known;

const MIB: u64 = 1024 * 1024;

/// What a holder does when it is asked for a span.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Sends,
    /// Takes a millisecond for each piece.
    SendsSlowly,
    /// Is reached after half a second.
    SendsLater,
    /// Sends, but for the last piece of the content.
    StallsAtTheEnd,
    /// Sends so many bytes of its first span, and is lost then for a while.
    LostOnce {
        after: u64,
    },
    /// Sends wrong pieces from this byte of the content on: so the check of what came says.
    WrongFrom {
        byte: u64,
    },
    NotThere,
    /// Does not answer.
    Silent,
    OtherSize,
}

/// Holders of one content, and what they were asked for.
#[derive(Clone)]
struct Scene(Arc<Inner>);

struct Inner {
    known: Known,
    manners: BTreeMap<EndpointId, Manner>,
    sent: Mutex<Vec<(EndpointId, Range<u64>)>>,
    lost: Mutex<bool>,
}

impl Scene {
    fn new(len: usize, manners: &[Manner]) -> (Self, Wanted) {
        let known = Known::of_len(len);
        let id = |manner: &Manner| (SecretKey::generate().public(), *manner);
        let manners: Vec<_> = manners.iter().map(id).collect();
        let holders = manners.iter().map(|(id, _)| EndpointAddr::new(*id)).collect();
        let blob = known.blob();
        let manners = manners.into_iter().collect();
        let (sent, lost) = Default::default();
        let scene = Self(Arc::new(Inner { known, manners, sent, lost }));
        (scene, Wanted { hash: blob.hash, size: blob.size, holders })
    }

    fn is_first_loss(&self) -> bool {
        !std::mem::replace(&mut *self.0.lost.lock().unwrap(), true)
    }

    /// Bytes that were sent, those that were sent twice counted twice.
    fn sent(&self) -> u64 {
        self.0.sent.lock().unwrap().iter().map(|(_, bytes)| bytes.end - bytes.start).sum()
    }
}

impl Blobs for Scene {
    type Source = (Self, EndpointId);

    async fn reach(
        &self,
        holder: &EndpointAddr,
        _hash: blake3::Hash,
    ) -> Result<(Self::Source, u64), SourceError> {
        let size = self.0.known.blob().size;
        match self.0.manners[&holder.id] {
            Manner::NotThere => Err(SourceError::NotHeld),
            Manner::Silent => Err(SourceError::Unreachable("no answer".to_owned())),
            Manner::OtherSize => Ok(((self.clone(), holder.id), size + 1)),
            Manner::SendsLater => {
                time::sleep(Duration::from_millis(500)).await;
                Ok(((self.clone(), holder.id), size))
            }
            _ => Ok(((self.clone(), holder.id), size)),
        }
    }

    fn read(
        (scene, id): Self::Source,
        blob: Blob,
        span: Range<u64>,
    ) -> impl Stream<Item = Result<Piece, SourceError>> + Send {
        let manner = scene.0.manners[&id];
        let pieces = stream::iter(scene.0.known.pieces(span.clone()));
        pieces.then(move |piece| {
            let (scene, span) = (scene.clone(), span.clone());
            async move {
                let Piece::Leaf(leaf) = &piece else { return Ok(piece) };
                let bytes = leaf.offset..leaf.offset + leaf.data.len() as u64;
                match manner {
                    Manner::StallsAtTheEnd if bytes.end == blob.size => future::pending().await,
                    Manner::WrongFrom { byte } if bytes.end > byte => {
                        return Err(SourceError::WrongBytes { at: bytes.start });
                    }
                    Manner::LostOnce { after }
                        if bytes.start >= span.start + after && scene.is_first_loss() =>
                    {
                        return Err(SourceError::Lost("gone".to_owned()));
                    }
                    Manner::SendsSlowly => time::sleep(Duration::from_millis(1)).await,
                    _ => {}
                }
                scene.0.sent.lock().unwrap().push((id, bytes));
                Ok(piece)
            }
        })
    }
}

fn target(dir: &Path) -> Target {
    Target { path: dir.join("a.bin"), if_exists: IfExists::Refuse }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_from_all_its_holders() {
    let (dir, (scene, wanted)) =
        (TempDir::new().unwrap(), Scene::new(17_000_000, &[Manner::SendsSlowly; 3]));
    let mut told = 0;
    let outcome = fetch(scene.clone(), wanted, target(dir.path()), |progress| match progress {
        Progress::Verified { bytes } => told = bytes,
        Progress::Begun { resumed } => assert_eq!(resumed, 0),
        Progress::Slow { .. } => {}
        other => panic!("{other:?}"),
    });
    let outcome = outcome.await.unwrap();
    assert!(fs::read(outcome.path).unwrap() == scene.0.known.content);
    assert_eq!((outcome.size, told), (17_000_000, 17_000_000));
    assert_eq!(outcome.holders.len(), 3);
    assert_eq!(outcome.holders.iter().map(|(_, bytes)| bytes).sum::<u64>(), 17_000_000);
}

#[tokio::test]
async fn an_empty_file_is_fetched() {
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(0, &[Manner::Sends]));
    let outcome = fetch(scene, wanted, target(dir.path()), |_| {}).await.unwrap();
    assert_eq!(fs::read(outcome.path).unwrap(), b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_stalls_at_99_percent_is_named_and_does_not_hold_up_the_file() {
    let manners = [Manner::StallsAtTheEnd, Manner::SendsLater];
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(8_000_000, &manners));
    let stalling = wanted.holders[0].id;
    let mut slow = Vec::new();
    let outcome = fetch(scene.clone(), wanted, target(dir.path()), |progress| {
        if let Progress::Slow { holder } = progress {
            slow.push(holder.id.unwrap());
        }
    });
    let outcome = outcome.await.unwrap();
    assert!(fs::read(outcome.path).unwrap() == scene.0.known.content);
    assert_eq!(slow, [stalling]);
    assert!(outcome.took < SILENCE_MAX, "{:?}", outcome.took);
    assert_eq!(outcome.holders.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_of_wrong_bytes_is_dropped_and_named_and_another_sends_the_rest() {
    let manners = [Manner::WrongFrom { byte: 5 * MIB }, Manner::SendsLater];
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(8_000_000, &manners));
    let wrong = wanted.holders[0].id;
    let outcome = fetch(scene.clone(), wanted, target(dir.path()), |_| {}).await.unwrap();
    assert!(fs::read(outcome.path).unwrap() == scene.0.known.content);
    let [(dropped, why)] = &outcome.dropped[..] else { panic!("{:?}", outcome.dropped) };
    assert_eq!((dropped.id, why), (Some(wrong), &SourceError::WrongBytes { at: 5 * MIB }));
    assert_eq!(outcome.holders.iter().map(|(_, bytes)| bytes).sum::<u64>(), 8_000_000);
}

#[tokio::test]
async fn a_file_that_only_wrong_holders_have_is_not_believed() {
    let manners = [Manner::WrongFrom { byte: 0 }, Manner::NotThere, Manner::OtherSize];
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(50_000, &manners));
    let err = fetch(scene, wanted, target(dir.path()), |_| {}).await.unwrap_err();
    let FetchError::NoHolder(dropped) = &err else { panic!("{err}") };
    let why: Vec<_> = dropped.iter().map(|(_, why)| why.clone()).collect();
    let wrong = SourceError::WrongBytes { at: 0 };
    assert_eq!(why, [wrong, SourceError::NotHeld, SourceError::OtherSize(50_001)]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn that_the_only_holder_is_gone_is_said_once_after_two_tries() {
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(50_000, &[Manner::Silent]));
    let mut told = Vec::new();
    let err = fetch(scene, wanted, target(dir.path()), |progress| match progress {
        Progress::Begun { .. } => {}
        other => told.push(other),
    });
    let err = err.await.unwrap_err().to_string();
    assert!(err.ends_with("it cannot be reached: no answer"), "{err}");
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_only_holder_is_tried_again_and_sends_nothing_twice_that_was_verified() {
    let manners = [Manner::LostOnce { after: MIB }];
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(3_000_000, &manners));
    let mut lost = 0;
    let outcome = fetch(scene.clone(), wanted, target(dir.path()), |progress| {
        lost += u32::from(matches!(progress, Progress::Lost { .. }));
    });
    let outcome = outcome.await.unwrap();
    assert!(fs::read(outcome.path).unwrap() == scene.0.known.content);
    assert_eq!((lost, scene.sent()), (1, 3_000_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_was_broken_off_goes_on_where_it_was() {
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(4_000_000, &[Manner::Sends]));
    // Broken off by the holder for good: it is the only one.
    let broken = [Manner::WrongFrom { byte: 2 * MIB }];
    let (first, _) = Scene::new(4_000_000, &broken);
    let id = *first.0.manners.keys().next().unwrap();
    let from_first = Wanted { holders: vec![EndpointAddr::new(id)], ..wanted.clone() };
    fetch(first, from_first, target(dir.path()), |_| {}).await.unwrap_err();
    let outcome = fetch(scene.clone(), wanted, target(dir.path()), |_| {}).await.unwrap();
    assert!(fs::read(outcome.path).unwrap() == scene.0.known.content);
    assert_eq!(outcome.resumed, 2 * MIB);
    assert_eq!(scene.sent(), 4_000_000 - 2 * MIB);
}

#[tokio::test]
async fn nothing_is_fetched_where_a_file_is_already() {
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(50_000, &[Manner::Sends]));
    fs::write(dir.path().join("a.bin"), b"old").unwrap();
    let err = fetch(scene.clone(), wanted, target(dir.path()), |_| {}).await.unwrap_err();
    assert!(matches!(err, FetchError::Target(TargetError::Exists(_))), "{err}");
    assert_eq!(scene.sent(), 0);
}

#[tokio::test]
async fn a_size_that_cannot_be_is_refused_before_anything_is_made_of_it() {
    let (dir, (scene, wanted)) = (TempDir::new().unwrap(), Scene::new(50_000, &[Manner::Sends]));
    let wanted = Wanted { size: u64::MAX, ..wanted };
    let err = fetch(scene, wanted, target(dir.path()), |_| {}).await.unwrap_err();
    assert!(matches!(err, FetchError::TooLarge(u64::MAX)), "{err}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
