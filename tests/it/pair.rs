//! Two pods with a proxy in each and a third without one, each program in a pod for real: the harness of tests in which
//! glasstunnel stands beside somebody else's proxy.
//!
//! Nothing waits longer than [`PATIENCE`]. What the programs said is shown when a test fails.

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use glasstunnel::netns::{PROXY_MARK, Plan, Pod, Pods};
use rustix::process::{Pid, Signal, kill_process};
use socket2::SockRef;

use crate::netns::{PATIENCE, bridge};

/// The client's pod, the server's, and that of somebody without a proxy: the last part of their addresses.
const CLIENT: u8 = 1;
const SERVER: u8 = 2;
const OUTSIDER: u8 = 3;

/// The three pods.
pub(crate) struct Pair {
    pub(crate) client: Pod,
    pub(crate) server: Pod,
    pub(crate) outsider: Pod,
    _pods: Pods,
}

impl Pair {
    /// The pods, unless this machine or user has none to give, which is said by the name of the `test`.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let pods = bridge(test)?;
        let plans =
            [("client", CLIENT), ("server", SERVER), ("outsider", OUTSIDER)].map(|(name, last)| Plan {
                name: format!("default/{name}"),
                addresses: vec![v4(last), v6(last)],
                outbound: last != OUTSIDER,
                inbound: last != OUTSIDER,
                dns: false,
            });
        let made = pods.add_all(&plans).unwrap();
        let [client, server, outsider] = made.try_into().unwrap();
        Some(Self { client, server, outsider, _pods: pods })
    }

    /// The client's addresses, one of each family.
    pub(crate) fn client_addresses() -> [IpAddr; 2] {
        [v4(CLIENT), v6(CLIENT)]
    }

    /// The server's addresses, one of each family.
    pub(crate) fn server_addresses() -> [IpAddr; 2] {
        [v4(SERVER), v6(SERVER)]
    }

    /// The addresses of who has no proxy, one of each family.
    pub(crate) fn outsider_addresses() -> [IpAddr; 2] {
        [v4(OUTSIDER), v6(OUTSIDER)]
    }
}

fn v4(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 244, 0, last).into()
}

fn v6(last: u8) -> IpAddr {
    Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, last.into()).into()
}

/// A folder of the test's own, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("glasstunnel-pair-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, contents).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Our program: that of GLASSTUNNEL_BIN, such as a release build, or else the one that cargo made for this test.
pub(crate) fn program() -> String {
    environment("GLASSTUNNEL_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_glasstunnel").to_owned())
}

/// `glasstunnel proxy` as Istio would run a ztunnel: captured by redirection, marked, in the client's name to the app.
pub(crate) fn glasstunnel(mesh: &Path, workload: &str) -> Command {
    let mut command = Command::new(program());
    command.arg("proxy").arg("-f").arg(mesh).args(["--workload", workload, "--workers", "2"]);
    command.args(["--capture", "redirect", "--mark", &PROXY_MARK.to_string(), "--original-source"]);
    command
}

#[expect(clippy::disallowed_methods, reason = "the environment says where programs are that no build makes")]
pub(crate) fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Tells whoever runs the tests, whatever the harness swallows.
#[expect(clippy::explicit_write, reason = "the harness swallows what eprintln! writes")]
pub(crate) fn tell(text: &str) {
    writeln!(io::stderr(), "{text}").unwrap();
}

/// A program in a pod. It is killed when dropped, and what it said is shown when that is because a test fails.
pub(crate) struct Running {
    name: String,
    child: Child,
    said: Arc<Said>,
}

#[derive(Default)]
struct Said {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    /// How many of stdout and stderr are at their end.
    ended: usize,
}

impl Running {
    pub(crate) fn start(pod: &Pod, name: &str, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = pod.namespace().run(|| command.spawn());
        let mut child = child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let said = Arc::<Said>::default();
        said.listen(child.stdout.take().unwrap());
        said.listen(child.stderr.take().unwrap());
        Self { name: name.to_owned(), child, said }
    }

    /// The first line that holds all of `words`, once it is there.
    pub(crate) fn hear(&self, words: &[&str]) -> String {
        self.hear_times(1, words).remove(0)
    }

    /// The lines that hold all of `words`, once there are as many as that.
    pub(crate) fn hear_times(&self, times: usize, words: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let enough = self.wait(|lines| {
            found = lines.with(words);
            found.len() >= times
        });
        assert!(enough, "{} said {words:?} {} times, not {times}", self.name, found.len());
        found
    }

    /// The lines so far that hold all of `words`.
    pub(crate) fn heard(&self, words: &[&str]) -> Vec<String> {
        self.said.lines.lock().unwrap().with(words)
    }

    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        assert!(self.wait(|lines| lines.ended == 2), "{} did not end", self.name);
        self.child.wait().unwrap()
    }

    /// Whether it comes to that before the program ends, or the patience does.
    fn wait(&self, mut until: impl FnMut(&Lines) -> bool) -> bool {
        let mut met = false;
        let lines = self.said.lines.lock().unwrap();
        let go_on = |lines: &mut Lines| {
            met = until(lines);
            !met && lines.ended < 2
        };
        drop(self.said.more.wait_timeout_while(lines, PATIENCE, go_on).unwrap());
        met
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let lines = self.said.lines.lock().unwrap();
            tell(&format!("---- {} said:\n{}\n----", self.name, lines.all.join("\n")));
        }
    }
}

impl Said {
    fn listen(self: &Arc<Self>, from: impl Read + Send + 'static) {
        let said = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                said.lines.lock().unwrap().all.push(line);
                said.more.notify_all();
            }
            said.lines.lock().unwrap().ended += 1;
            said.more.notify_all();
        });
    }
}

impl Lines {
    fn with(&self, words: &[&str]) -> Vec<String> {
        let holds = |line: &&String| words.iter().all(|word| line.contains(word));
        self.all.iter().filter(holds).cloned().collect()
    }
}

/// Does something again and again until it says that it is enough.
pub(crate) fn repeat_until(mut enough: impl FnMut() -> bool) {
    let since = Instant::now();
    while !enough() {
        assert!(since.elapsed() < PATIENCE, "it was not enough in {PATIENCE:?}");
    }
}

/// How what came over a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Clean,
    Reset,
}

/// An app in a pod, at all of its addresses.
pub(crate) fn app(pod: &Pod, port: u16) -> TcpListener {
    let everywhere = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let listener = pod.namespace().run(|| TcpListener::bind(everywhere)).unwrap();
    SockRef::from(&listener).set_read_timeout(Some(PATIENCE)).unwrap();
    listener
}

/// The next connection of an app, and from where.
pub(crate) fn accept(app: &TcpListener) -> (TcpStream, IpAddr) {
    let (stream, peer) = app.accept().unwrap();
    (patient(stream), peer.ip().to_canonical())
}

/// Serves every connection of an app in a thread of its own, as long as the test runs.
pub(crate) fn serve(app: TcpListener, one: fn(TcpStream)) {
    SockRef::from(&app).set_read_timeout(None).unwrap();
    thread::spawn(move || {
        while let Ok((stream, _)) = app.accept() {
            thread::spawn(move || one(patient(stream)));
        }
    });
}

/// Sends back what comes, until its end.
pub(crate) fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}

/// A connection of a program in a pod.
pub(crate) fn dial(pod: &Pod, to: impl Into<SocketAddr>) -> io::Result<TcpStream> {
    let to = to.into();
    pod.namespace().run(|| TcpStream::connect_timeout(&to, PATIENCE)).map(patient)
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads to the end.
pub(crate) fn rest(stream: &mut TcpStream) -> (Vec<u8>, End) {
    let mut read = Vec::new();
    match stream.read_to_end(&mut read) {
        Ok(_) => (read, End::Clean),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => (read, End::Reset),
        Err(error) => panic!("{error} after {read:?}"),
    }
}

/// Says something and reads as much: for connections to an [`echo`].
pub(crate) fn exchange(stream: &mut TcpStream, text: &[u8]) -> io::Result<()> {
    stream.write_all(text)?;
    expect(stream, text)
}

/// Reads exactly `text`.
pub(crate) fn expect(stream: &mut TcpStream, text: &[u8]) -> io::Result<()> {
    let mut read = vec![0; text.len()];
    stream.read_exact(&mut read)?;
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(text));
    Ok(())
}

/// Closes a connection as a program that dies does.
pub(crate) fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}
