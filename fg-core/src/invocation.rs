//! What belongs to one invocation, and is shared by the clones of its context.

use std::borrow::Cow;
use std::str::from_utf8;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::after_response::AfterQueue;
use crate::cancellation::Cancellation;
use crate::environment::Environment;
use crate::header_names as names;
use crate::header_table::{HeaderTable, Owned, OwnedTable};
use crate::headers::{Headers, is_absent};
use crate::known_header::{KnownHeader, SecretName};
use crate::log::Logger;
use crate::secret_headers::SecretHeaders;

pub(crate) struct Invocation {
    pub(crate) environment: Arc<Environment>,
    pub(crate) logger: Logger,
    pub(crate) received: Instant,
    pub(crate) timeout: Duration,
    /// The headers that were copied, or none.
    headers: Headers,
    /// The headers that were taken over in their table.
    table: Option<Box<dyn OwnedTable>>,
    /// Whether the platform has sent a timeout.
    pub(crate) has_timeout: bool,
    pub(crate) secrets: SecretHeaders,
    pub(crate) cancellation: Cancellation,
    pub(crate) after: AfterQueue,
    /// `None` once an invocation has begun: only `init` can add to it.
    pub(crate) before_stop: Option<AfterQueue>,
}

/// Those headers that are looked at for each invocation, as they came.
#[derive(Clone, Copy, Default)]
pub(crate) struct KnownHeaders<'h> {
    pub(crate) request_id: Option<&'h [u8]>,
    pub(crate) timeout: Option<&'h [u8]>,
}

impl Invocation {
    /// What a context has in `init`: no headers, and room for what is to run before the stop.
    pub(crate) fn of_init(environment: Arc<Environment>, logger: Logger) -> Self {
        let mut own = Self::new(environment, logger, Instant::now());
        own.timeout = own.environment.init_timeout();
        own.before_stop = Some(AfterQueue::default());
        own
    }

    #[inline(never)]
    fn new(environment: Arc<Environment>, logger: Logger, received: Instant) -> Self {
        Self {
            environment,
            logger,
            received,
            timeout: Duration::ZERO,
            headers: Headers::default(),
            table: None,
            has_timeout: false,
            secrets: SecretHeaders::default(),
            cancellation: Cancellation::default(),
            after: AfterQueue::default(),
            before_stop: None,
        }
    }

    /// Makes this a new invocation; a clone that is still held keeps the old one.
    ///
    /// Its timeout and its request id are [set](Self::set_known) by its headers.
    pub(crate) fn renew(shared: &mut Arc<Self>, received: Instant) -> &mut Self {
        if Arc::strong_count(shared) > 1 {
            let (environment, logger) = (Arc::clone(&shared.environment), shared.logger.clone());
            *shared = Arc::new(Self::new(environment, logger, received));
        }
        let own = Arc::get_mut(shared).expect("there is no other, and none can be made of it");
        own.received = received;
        own.wipe();
        own.cancellation.reset();
        own.after.clear();
        own.before_stop = None;
        own
    }

    /// Removes and wipes what came with the invocation.
    pub(crate) fn wipe(&mut self) {
        self.headers.clear();
        if let Some(table) = &mut self.table {
            table.clear();
        }
        if self.secrets.are_any {
            self.secrets = SecretHeaders::default();
        }
    }

    /// Copies the headers. Those that are parts of `head` are copied with it, as a whole.
    pub(crate) fn copy<'h>(
        &mut self,
        head: &[u8],
        lines: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> KnownHeaders<'h> {
        let mut known = KnownHeaders::default();
        self.headers.copy_head(head);
        lines.into_iter().for_each(|(name, value)| self.copy_line(head, name, value, &mut known));
        self.headers.complete();
        self.secrets.complete();
        known
    }

    /// Like [`copy`](Self::copy), for few headers, or such as are not parts of one head.
    pub(crate) fn copy_each<'h>(
        &mut self,
        lines: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> KnownHeaders<'h> {
        let mut known = KnownHeaders::default();
        lines.into_iter().for_each(|(name, value)| match Header::of(name, value, &mut known) {
            Some(Header::Secret(name, value)) => self.secrets.insert(name, value),
            Some(Header::Other(value)) => self.headers.append(name, value),
            None => {}
        });
        self.headers.complete();
        self.secrets.complete();
        known
    }

    // Not inlined, so that it is there once, and not for each type of `lines`.
    #[inline(never)]
    fn copy_line<'h>(
        &mut self,
        head: &[u8],
        name: &str,
        value: &'h [u8],
        known: &mut KnownHeaders<'h>,
    ) {
        match Header::of(name, value, known) {
            Some(Header::Secret(name, value)) => {
                self.secrets.insert(name, value);
                self.headers.remove(head, value);
            }
            Some(Header::Other(value)) => self.headers.push(head, name, value),
            None => {}
        }
    }

    /// Reads a table of headers that is going to be [taken over](Self::take_over).
    pub(crate) fn read_table<'h>(&mut self, table: &'h impl HeaderTable) -> KnownHeaders<'h> {
        let mut known = KnownHeaders::default();
        for (name, value) in table.lines() {
            // Most are not known, and stay where they are.
            match KnownHeader::of(name) {
                Some(KnownHeader::Secret(name)) => self.secrets.insert(name, trim(value)),
                Some(header) => known.keep(header, trim(value)),
                None => {}
            }
        }
        self.secrets.complete();
        known
    }

    /// Sets what follows from these headers; whether there is a request id.
    pub(crate) fn set_known<'h>(
        &mut self,
        known: &KnownHeaders<'h>,
        choose_id: impl FnOnce(&str) -> Option<Cow<'h, str>>,
    ) -> bool {
        self.has_timeout = known.timeout.is_some();
        self.timeout = known.timeout().unwrap_or_else(|| self.environment.timeout());
        let given = known.request_id();
        let request_id = choose_id(&given).unwrap_or(given);
        self.logger.renew(&request_id);
        !request_id.is_empty()
    }

    /// Takes over the table that has just been read.
    pub(crate) fn take_over<T: HeaderTable>(&mut self, mut table: T) {
        if self.secrets.are_any {
            names::SECRETS.into_iter().for_each(|name| table.remove(name));
        }
        let owned = Owned::new(table);
        match self.owned_mut() {
            // Without an allocation.
            Some(place) => *place = owned,
            None => self.table = Some(Box::new(owned)),
        }
    }

    /// Takes the table back if it has this type.
    pub(crate) fn take_table<T: HeaderTable>(&mut self) -> Option<T> {
        self.owned_mut().map(|owned| std::mem::take(owned).into_table())
    }

    fn owned_mut<T: HeaderTable>(&mut self) -> Option<&mut Owned<T>> {
        self.table.as_mut()?.as_any_mut().downcast_mut()
    }

    /// Returns the first header of this name, whatever its case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).or_else(|| self.table.as_ref()?.get(name))
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_table = self.table.iter().flat_map(|table| table.strings().iter());
        self.headers.iter().chain(of_table)
    }
}

/// A header that is not absent, or whose absence counts; without spaces around its value.
enum Header<'h> {
    Secret(SecretName, &'h [u8]),
    Other(&'h [u8]),
}

impl<'h> Header<'h> {
    /// Looks at a header, and keeps it if it is the first of a known name.
    #[inline]
    fn of(name: &str, value: &'h [u8], known: &mut KnownHeaders<'h>) -> Option<Self> {
        let value = trim(value);
        let known_header = KnownHeader::of(name);
        if let Some(KnownHeader::Secret(name)) = known_header {
            return Some(Self::Secret(name, value));
        }
        if is_absent(value) {
            return None;
        }
        if let Some(header) = known_header {
            known.keep(header, value);
        }
        Some(Self::Other(value))
    }
}

impl<'h> KnownHeaders<'h> {
    /// Keeps the value of one of them, if it is the first that is not absent.
    #[inline]
    fn keep(&mut self, header: KnownHeader, value: &'h [u8]) {
        let place = match header {
            KnownHeader::RequestId => &mut self.request_id,
            KnownHeader::Timeout => &mut self.timeout,
            KnownHeader::Secret(_) => return,
        };
        if place.is_none() && !is_absent(value) {
            *place = Some(value);
        }
    }

    /// The request id, or an empty string.
    pub(crate) fn request_id(&self) -> Cow<'h, str> {
        let id = self.request_id.unwrap_or_default();
        // Without the preparations of `from_utf8_lossy` for what is not UTF-8.
        from_utf8(id).map_or_else(|_| String::from_utf8_lossy(id), Cow::Borrowed)
    }

    /// The timeout that the platform has sent.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        let seconds = from_utf8(self.timeout?).ok()?.parse().ok()?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }
}

/// The value without spaces around it; most values have none.
fn trim(value: &[u8]) -> &[u8] {
    match value {
        [first, .., last] if *first > b' ' && *last > b' ' => value,
        _ => value.trim_ascii(),
    }
}
