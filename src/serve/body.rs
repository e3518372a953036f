//! The bytes of an answer on their way to a socket.
//!
//! Owns making them: in big frames, of a file right where they are sent as long as the system has them in its memory.
//! Whatever may have to wait for a disk is made on a thread, some frames ahead of what is sent, so that neither the
//! sockets wait for the disk nor the disk for them. The thread makes frame after frame as long as they are taken as fast
//! as that, and is never held while a client makes us wait. Must never give more or fewer bytes of a file than were
//! announced without saying so.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use rustix::io::Errno;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::beneath::Opened;
use super::guests::Guest;
use super::turns::Turns;
use crate::wire::range::Span;

/// Bytes that are read at once: with smaller frames hyper is many times slower.
pub(super) const FRAME: usize = 256 * 1024;

/// Bytes that the frames of all connections may have together, one of each, and those of a frame at least.
const ALL_FRAMES: usize = 32 * 1024 * 1024;
const SMALLEST_FRAME: usize = 16 * 1024;

/// Bytes of a frame where so many are connected.
pub(super) fn frame(connections: usize) -> usize {
    (ALL_FRAMES / connections.max(1)).clamp(SMALLEST_FRAME, FRAME)
}

/// Frames of a thread that wait to be sent: with fewer it has to be woken too often, and these are a mebibyte for each
/// client.
const AHEAD: usize = 4;

/// Frames of a turn.
const OF_A_TURN: usize = 2 * AHEAD;

/// What an answer is made of, frame by frame. Its iterator may wait for a disk.
pub(super) trait Frames: Iterator<Item = io::Result<Bytes>> + Send + 'static {
    /// From now on frames have so many bytes, or not many more.
    fn set_size(&mut self, bytes: usize);

    /// The next one, where nothing is to be waited for.
    fn at_hand(&mut self) -> Poll<Option<io::Result<Bytes>>> {
        Poll::Pending
    }
}

impl Frames for Box<dyn Frames> {
    fn set_size(&mut self, bytes: usize) {
        (**self).set_size(bytes);
    }

    fn at_hand(&mut self) -> Poll<Option<io::Result<Bytes>>> {
        (**self).at_hand()
    }
}

/// Whose turn it has to be, where it has.
pub(super) type TurnsOf = Option<(Arc<Turns>, IpAddr)>;

/// Whence the next frame comes.
enum Source<I> {
    Here(I, TurnsOf, Arc<Guest>),
    Thread(Flow<I>),
}

/// Frames on their way from what makes them.
struct Flow<I> {
    made: mpsc::Receiver<io::Result<Bytes>>,
    maker: Maker<I>,
    /// For the next thread.
    room: mpsc::Sender<io::Result<Bytes>>,
    turns: TurnsOf,
    guest: Arc<Guest>,
}

/// What makes frames.
enum Maker<I> {
    /// It does, on a thread: it comes back where there is no room for the next one; none after the last.
    Working(JoinHandle<io::Result<Option<I>>>),
    /// For room.
    Waiting(I),
    Done,
}

/// Lets the frames be made, one after the other. An error is the last one.
///
/// Where `turns` says so, no more than a few are made at once for a client of that address, and the next ones when it is its
/// turn again: for what takes long to be made. Frames are the smaller the more are connected beside this one.
pub(super) fn stream<I: Frames>(
    frames: I,
    turns: TurnsOf,
    guest: Arc<Guest>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<I> {
    stream::unfold(Some(Source::Here(frames, turns, guest)), async |source| {
        let (frame, source) = match source? {
            Source::Here(mut frames, turns, guest) => {
                frames.set_size(guest.frame());
                match frames.at_hand() {
                    Poll::Ready(frame) => (frame?, Source::Here(frames, turns, guest)),
                    Poll::Pending => Flow::new(frames, turns, guest).next().await?,
                }
            }
            Source::Thread(flow) => flow.next().await?,
        };
        let source = frame.is_ok().then_some(source);
        Some((frame, source))
    })
}

impl<I: Frames> Flow<I> {
    fn new(frames: I, turns: TurnsOf, guest: Arc<Guest>) -> Self {
        let (room, made) = mpsc::channel(AHEAD);
        let making = make(frames, room.clone(), turns.clone(), Arc::clone(&guest));
        Self { made, maker: Maker::Working(tokio::spawn(making)), room, turns, guest }
    }

    /// The next frame, and whence the one after it comes.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Source<I>)> {
        let frame = self.frame().await?;
        Some((frame, Source::Thread(self)))
    }

    async fn frame(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            match std::mem::replace(&mut self.maker, Maker::Done) {
                Maker::Done => return self.made.try_recv().ok(),
                Maker::Waiting(frames) => {
                    let frame = self.made.try_recv().ok();
                    let (room, turns) = (self.room.clone(), self.turns.clone());
                    let making = make(frames, room, turns, Arc::clone(&self.guest));
                    self.maker = Maker::Working(tokio::spawn(making));
                    if frame.is_some() {
                        return frame;
                    }
                }
                Maker::Working(mut thread) => {
                    self.maker = tokio::select! {
                        biased;
                        rest = &mut thread => match rest {
                            Ok(Ok(Some(frames))) => Maker::Waiting(frames),
                            Ok(Ok(None)) => Maker::Done,
                            Ok(Err(error)) => return Some(Err(error)),
                            Err(error) => return Some(Err(error.into())),
                        },
                        frame = self.made.recv() => {
                            self.maker = Maker::Working(thread);
                            return frame;
                        }
                    };
                }
            }
        }
    }
}

/// Makes frames as long as there is room for them, or for one turn. It waits for that as a task of its own: a client that takes
/// nothing must not keep a turn that nobody uses.
async fn make<I: Frames>(
    mut frames: I,
    room: mpsc::Sender<io::Result<Bytes>>,
    turns: TurnsOf,
    guest: Arc<Guest>,
) -> io::Result<Option<I>> {
    let turn = match &turns {
        Some((turns, from)) => Some(turns.take(*from).await),
        None => None,
    };
    let making = spawn_blocking(move || {
        let most = if turn.is_some() { OF_A_TURN } else { usize::MAX };
        for _ in 0..most {
            let Ok(place) = room.try_reserve() else { break };
            frames.set_size(guest.frame());
            place.send(frames.next()?);
        }
        Some(frames)
    });
    Ok(making.await?)
}

impl Opened {
    /// Reads no more of the file than this part.
    pub(super) fn turn_to(&mut self, part: Span) {
        (self.at, self.length) = (part.first, part.length());
    }
}

/// Reads the file, or what was asked for of it. One that has changed since it was opened gives an error instead of the last
/// frame, so that nobody takes a mixture of two versions for a whole.
impl Iterator for Opened {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        self.frame(pread).transpose()
    }
}

impl Frames for Opened {
    fn set_size(&mut self, bytes: usize) {
        self.frame = bytes;
    }

    fn at_hand(&mut self) -> Poll<Option<io::Result<Bytes>>> {
        match self.frame(pread_cached) {
            // Not every system and every kind of disk can say whether it would have to wait. What is wrong in earnest is so
            // for whoever waits, too.
            Err(error) if error.raw_os_error().is_some() => Poll::Pending,
            frame => Poll::Ready(frame.transpose()),
        }
    }
}

impl Opened {
    fn frame(
        &mut self,
        read: impl Fn(&File, &mut [u8], u64) -> Result<usize, Errno>,
    ) -> io::Result<Option<Bytes>> {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX).min(self.frame);
        if length == 0 {
            return Ok(None);
        }
        let mut buffer = self.buffers.take(length);
        let got = match read(&self.file, &mut buffer[..length], self.at) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(got) if got as u64 == self.length && !self.is_unchanged()? => Err(changed()),
            Ok(got) => Ok(got),
            Err(error) => Err(error.into()),
        };
        let frame = self.buffers.give(buffer, *got.as_ref().unwrap_or(&0));
        let got = got? as u64;
        self.at += got;
        self.length -= got;
        if let Some(hashing) = &mut self.hashing {
            hashing.show(&frame, self.length == 0);
        }
        Ok(Some(frame))
    }
}

impl Opened {
    /// All of a file that fits into memory, from its beginning, whatever part of it is to be sent. An error where it has
    /// changed.
    pub(super) fn whole(&self) -> io::Result<Bytes> {
        self.whole_by(pread)
    }

    /// The same, where nothing is to be waited for.
    pub(super) fn whole_at_hand(&self) -> Option<Bytes> {
        self.whole_by(pread_cached).ok()
    }

    fn whole_by(&self, read: impl Fn(&File, &mut [u8], u64) -> Result<usize, Errno>) -> io::Result<Bytes> {
        let length = usize::try_from(self.version.length).map_err(io::Error::other)?;
        let mut content = BytesMut::zeroed(length);
        let mut at = 0;
        while at < length {
            match read(&self.file, &mut content[at..], at as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                got => at += got,
            }
        }
        if self.is_unchanged()? { Ok(content.freeze()) } else { Err(changed()) }
    }
}

fn changed() -> io::Error {
    io::Error::other("the file has changed while it was sent")
}

/// Reads what is there, and waits for the disk.
pub(super) fn pread(file: &File, buffer: &mut [u8], at: u64) -> Result<usize, Errno> {
    rustix::io::retry_on_intr(|| rustix::io::pread(file, &mut *buffer, at))
}

/// Reads what the system has in its memory; [`Errno::AGAIN`] where that is nothing.
#[cfg(target_os = "linux")]
fn pread_cached(file: &File, buffer: &mut [u8], at: u64) -> Result<usize, Errno> {
    use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
    use rustix::io::{IoSliceMut, ReadWriteFlags, preadv2};
    match preadv2(file, &mut [IoSliceMut::new(buffer)], at, ReadWriteFlags::NOWAIT) {
        // It has nothing but memory, but does not know this flag.
        Err(Errno::OPNOTSUPP) if fstatfs(file).is_ok_and(|disk| disk.filesystem_type() == TMPFS_MAGIC) => {
            pread(file, buffer, at)
        }
        read => read,
    }
}

/// Elsewhere nobody says whether the disk is to be waited for.
#[cfg(not(target_os = "linux"))]
fn pread_cached(_: &File, _: &mut [u8], _: u64) -> Result<usize, Errno> {
    Err(Errno::AGAIN)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::Ipv4Addr;

    use futures_util::StreamExt as _;

    use super::*;
    use crate::serve::Limits;
    use crate::serve::guests::Guests;

    /// Longer than some frames.
    const LENGTH: usize = 3 * FRAME + 5;

    fn opened(content: &[u8]) -> Opened {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let metadata = file.metadata().unwrap();
        Opened::new(file, &metadata)
    }

    fn content() -> Vec<u8> {
        (0..LENGTH).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    /// As a thread makes them.
    struct Threaded(Opened);

    impl Iterator for Threaded {
        type Item = io::Result<Bytes>;

        fn next(&mut self) -> Option<Self::Item> {
            self.0.next()
        }
    }

    impl Frames for Threaded {
        fn set_size(&mut self, bytes: usize) {
            self.0.set_size(bytes);
        }
    }

    fn guest() -> Arc<Guest> {
        Guests::new(&Limits::default()).admit(Ipv4Addr::LOCALHOST.into()).unwrap().1
    }

    #[test]
    fn frames_of_many_connections_take_no_more_memory_together_than_those_of_few() {
        assert_eq!([1, 128].map(frame), [FRAME; 2]);
        assert!(frame(1000) * 1000 <= ALL_FRAMES && frame(usize::MAX) == SMALLEST_FRAME);
    }

    async fn all(frames: impl Frames) -> io::Result<Vec<u8>> {
        let frames: Vec<_> = stream(frames, None, guest()).collect().await;
        frames.into_iter().try_fold(Vec::new(), |all, frame| Ok([&*all, &*frame?].concat()))
    }

    #[tokio::test]
    async fn a_file_comes_as_it_is_whoever_reads_it() {
        for length in [0, 1, FRAME, FRAME + 1, LENGTH] {
            let content = &content()[..length];
            assert!(all(opened(content)).await.unwrap() == content, "{length}");
            assert!(all(Threaded(opened(content))).await.unwrap() == content, "{length}");
        }
    }

    #[tokio::test]
    async fn a_file_that_has_changed_is_an_error_however_short_it_is() {
        for length in [1, FRAME, LENGTH] {
            for is_threaded in [false, true] {
                let opened = opened(&content()[..length]);
                (&*opened.file).write_all(b"more").unwrap();
                let sent = if is_threaded { all(Threaded(opened)).await } else { all(opened).await };
                assert!(sent.is_err(), "{length} {is_threaded}");
            }
        }
    }
}
