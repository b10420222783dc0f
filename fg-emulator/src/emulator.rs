//! The function as its callers see it: invoke it, and get what the platform would show.

pub(crate) mod async_queue;
pub(crate) mod builder;
pub(crate) mod response_stream;

use std::io;
use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::callers::http_server::HttpServer;
use crate::callers::invoke_api;
use crate::emulator::async_queue::{AsyncInvocation, AsyncQueue};
use crate::emulator::builder::Builder;
use crate::emulator::response_stream::ReplyStream;
use crate::execution::Execution;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::Ending;
use crate::instances::environment;
use crate::instances::pool::{Instances, Pool};
use crate::runtime_api::event::Event;
use crate::settings::{ASYNC_LIMIT, Program, SYNC_LIMIT, Settings, TOLERANCE};

/// A function that runs here as it does on the platform. See the [crate's page](crate) for an
/// example.
///
/// All methods take `&self`, so that invocations can be made from several threads at the same time.
/// Dropping it ends the function's processes: first SIGTERM where there are signals, then a kill.
/// They end with the process that holds it however that ends, SIGKILL included, on Linux and macOS
/// (a shell watches over them); on Windows they go on until they notice that their Runtime API is
/// no more.
///
/// Events go to the function alone. Linux tells whose process is on the other side of a connection:
/// that of the function, or one that it has started, and every other is refused. macOS and Windows
/// do not tell; there requests are refused that a web page has sent.
#[derive(Debug)]
pub struct Emulator {
    pool: Arc<Pool>,
    queue: Arc<AsyncQueue>,
    reclaiming: Option<JoinHandle<()>>,
    invoke_apis: Mutex<Vec<HttpServer>>,
}

impl Emulator {
    /// The settings of a function whose code is this program, such as `target/debug/greet` or
    /// `/opt/function/code/bootstrap`.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        Builder::new(Settings::new(Program::Started {
            path: program.into(),
            arguments: Vec::new(),
        }))
    }

    /// The settings of a function whose process is started elsewhere, such as a debugger. It has
    /// one instance, no timeout, and its output goes where it goes. [`variables`](Self::variables)
    /// tells what has to be set for it.
    pub fn attach() -> Builder {
        let mut settings = Settings::new(Program::Attached);
        settings.instances = 1;
        Builder::new(settings)
    }

    pub(crate) fn start(settings: Settings) -> Result<Self, PlatformError> {
        let pool = Pool::start(settings)?;
        let reclaimed = Arc::clone(&pool);
        let reclaiming = thread::Builder::new()
            .name("reclaim-idle".into())
            .spawn(move || reclaimed.reclaim_idle());
        let queue = AsyncQueue::new(&pool);
        Ok(Self { pool, queue, reclaiming: reclaiming.ok(), invoke_apis: Mutex::default() })
    }

    /// Invokes the function and waits for the result: the platform's synchronous invocation, of at
    /// most 6 MB.
    ///
    /// Where all instances are busy, it waits for one; where that takes too long it is refused as
    /// the platform refuses it.
    #[must_use]
    pub fn invoke(&self, event: Event) -> Execution {
        match too_large(&event, SYNC_LIMIT) {
            Some(error) => self.pool.refuse(event.id(), error),
            None => self.pool.run(event),
        }
    }

    /// Invokes the function, and gives the reply while the function writes it.
    ///
    /// A function without [`streaming`](Builder::streaming) gives its reply as a whole, and so does
    /// one that does not answer in chunks. The platform streams at most 200 MB.
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use fg_emulator::{Emulator, Event};
    ///
    /// let emulator = Emulator::builder("target/debug/examples/stream").streaming().start()?;
    /// let mut reply = emulator.invoke_streaming(Event::new("{}"));
    /// io::copy(&mut reply, &mut io::stdout())?; // an error where the reply is not complete
    /// println!("{}", reply.finish());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn invoke_streaming(&self, event: Event) -> ReplyStream {
        match too_large(&event, SYNC_LIMIT) {
            Some(error) => ReplyStream::refused(&self.pool, event.id(), error),
            None => ReplyStream::start(&self.pool, event),
        }
    }

    /// Queues the event: the platform's asynchronous invocation, of at most 256 KB. What comes of
    /// it can be waited for here, and is told to the destinations of the
    /// [policy](crate::AsyncPolicy).
    ///
    /// # Errors
    ///
    /// Where the event is too large, 1,000 events wait already, or the emulator is stopped.
    pub fn invoke_async(&self, event: Event) -> Result<AsyncInvocation, PlatformError> {
        match too_large(&event, ASYNC_LIMIT) {
            Some(error) => Err(error),
            None => self.queue.push(event.asynchronous()),
        }
    }

    /// Serves the platform's API for invocations on a free port of 127.0.0.1, and returns host and
    /// port.
    ///
    /// # Errors
    ///
    /// Where the port cannot be opened.
    pub fn invoke_api(&self) -> io::Result<String> {
        self.invoke_api_at("127.0.0.1:0")
    }

    /// Serves the platform's API for invocations at this address, and returns host and port. It
    /// takes requests as a [`Gateway`](crate::Gateway) does: with a `Host` of its own, and not from
    /// pages of other sites.
    ///
    /// # Errors
    ///
    /// Where the port cannot be opened.
    pub fn invoke_api_at(&self, address: impl ToSocketAddrs) -> io::Result<String> {
        let api = invoke_api::start(&self.pool, &self.queue, address)?;
        let address = api.address().to_string();
        self.invoke_apis.lock().unwrap_or_else(PoisonError::into_inner).push(api);
        Ok(address)
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn queue(&self) -> &Arc<AsyncQueue> {
        &self.queue
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.pool.settings().name
    }

    /// The function's URN: `urn:fss:<region>:<project id>:function:<package>:<name>:<version>`.
    #[must_use]
    pub fn urn(&self) -> String {
        self.pool.settings().urn()
    }

    /// The variables that an [attached](Self::attach) process needs; nothing where this emulator
    /// starts the processes itself.
    ///
    /// ```
    /// let emulator = fg_emulator::Emulator::attach().handler("greet").start()?;
    /// let lines: Vec<String> = emulator.variables().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    /// assert!(lines[0].starts_with("RUNTIME_API_ADDR=127.0.0.1:"));
    /// # Ok::<(), fg_emulator::PlatformError>(())
    /// ```
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let settings = self.pool.settings();
        let (Program::Attached, Some(address)) = (&settings.program, self.pool.first_address())
        else {
            return Vec::new();
        };
        let platform = environment::of_the_platform(settings, &address)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let is_users = |name: &str| settings.variables.iter().any(|(users, _)| users == name);
        let of_the_process = settings.process_variables.iter().filter(|(name, _)| !is_users(name));
        platform.chain(of_the_process.cloned()).chain(settings.variables.iter().cloned()).collect()
    }

    /// Waits until the function asks for its first event: then it is at its work. Of an
    /// [attached](Self::attach) process it waits for as long as that takes.
    ///
    /// # Errors
    ///
    /// Where it ends before, or does not ask within the [time limit](Builder::init_timeout).
    pub fn wait_until_ready(&self) -> Result<(), PlatformError> {
        self.pool.wait_until_ready()
    }

    /// How many instances there are.
    #[must_use]
    pub fn instances(&self) -> Instances {
        self.pool.counts()
    }

    /// Waits until the instances are as a test wants them, and tells whether that happened within
    /// the time limit.
    #[must_use]
    pub fn wait_until(&self, limit: Duration, reached: impl FnMut(Instances) -> bool) -> bool {
        self.pool.wait_until(limit, reached)
    }

    /// The ids of the processes that run, for a debugger or a profiler.
    #[must_use]
    pub fn process_ids(&self) -> Vec<u32> {
        self.pool.process_ids()
    }

    /// Waits until the function is done with what it does after its answer, asks it to end, and
    /// tells what it has written since, and what went wrong. Before that it has the
    /// [timeout](Builder::timeout); then it is [stopped](Self::stop).
    ///
    /// ```no_run
    /// let emulator = fg_emulator::Emulator::builder("target/debug/greet").start()?;
    /// let execution = emulator.invoke(fg_emulator::Event::new("{}"));
    /// let ending = emulator.finish();
    /// assert!(ending.errors.is_empty(), "{:?}", ending.lines);
    /// # Ok::<(), fg_emulator::PlatformError>(())
    /// ```
    pub fn finish(&self) -> Ending {
        self.queue.stop();
        let ending = self.pool.finish();
        self.stop();
        ending
    }

    /// Ends the function's processes and frees all ports. What waits gets an error.
    pub fn stop(&self) {
        self.queue.stop();
        self.pool.stop();
        for api in self.invoke_apis.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            api.stop();
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop();
        if let Some(reclaiming) = self.reclaiming.take() {
            // A panic has been reported by the thread that had it.
            let _ = reclaiming.join();
        }
    }
}

/// The platform's limits count the serialized event, with a tolerance.
pub(crate) fn too_large(event: &Event, limit: usize) -> Option<PlatformError> {
    let size = event.body().len();
    (size > limit + TOLERANCE).then(|| PlatformError::new(Cause::RequestTooLarge { size, limit }))
}
