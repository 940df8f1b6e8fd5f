//! Child processes: started with a log file, killed or ended by process id, never left behind.

use anyhow::{Context, Result, bail};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How long a process may take until it answers. A node takes ten seconds, and far longer on a machine that is busy
/// compiling beside the tests.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(240);

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output appended to `<folder>/<name>.log`.
    pub fn start(name: &'static str, command: Command, folder: &Path) -> Result<Self> {
        let mut command = dying_with_us(command);
        let log = folder.join(format!("{name}.log"));
        let output = OpenOptions::new().create(true).append(true).open(&log)?;
        // The gateway takes every HANSE_GATEWAY_ variable for a setting: those of the person who runs the tests are
        // not meant for it.
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("HANSE_GATEWAY_")) {
            if !command.get_envs().any(|(set, _)| set.to_str() == Some(&key)) {
                command.env_remove(key);
            }
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{name} does not start: {}", command.get_program().display()))?;
        Ok(Self { name, child, log })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Fails with the log's end when the process has ended.
    pub fn expect_running(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} has ended with {status}\n{}", self.name, self.log_tail(30));
        }
        Ok(())
    }

    /// `SIGKILL`: no chance to write or say anything.
    pub fn kill(&mut self) {
        // An error means that it is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// `SIGTERM`, and waits until it is gone. Fails when it is still there after 20 seconds.
    pub fn terminate(&mut self) -> Result<()> {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?;
        if !sent.success() {
            bail!("{} can't be signalled", self.name);
        }
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > Duration::from_secs(20) {
                self.kill();
                bail!("{} ignored SIGTERM for 20 s\n{}", self.name, self.log_tail(30));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The last lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let all: Vec<&str> = text.lines().collect();
        format!("--- {}\n{}", self.log.display(), all[all.len().saturating_sub(lines)..].join("\n"))
    }

    /// All of its log so far.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Resident memory now and at its highest, in bytes, as Linux counts it.
    pub fn memory_bytes(&self) -> Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find(|line| line.starts_with(name)).with_context(|| format!("no {name}"))?;
            let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
            Ok(kib * 1024)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Time that it has had on the processor's cores, as Linux counts it.
    pub fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.id().to_string())
    }
}

/// The same of the process with this id, or of `self`.
pub fn processor_time(id: &str) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // Behind the name, which may hold anything: state is the 3rd field, time in the program the 14th, in the kernel the 15th.
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (program, kernel) = (times.next().context("no utime")??, times.next().context("no stime")??);
    // USER_HZ is 100 on every architecture that we build for.
    Ok(Duration::from_millis((program + kernel) * 10))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        // A failing test's logs are worth more than a tidy folder.
        if std::thread::panicking() {
            eprintln!("{}", self.log_tail(40));
        }
    }
}

/// The same command, so that the kernel ends it when this process is killed and can drop nothing. `setpriv` replaces
/// itself by the program: the process id is the program's.
fn dying_with_us(command: Command) -> Command {
    const SETPRIV: &str = "/usr/bin/setpriv";
    if !Path::new(SETPRIV).exists() {
        return command;
    }
    let mut wrapped = Command::new(SETPRIV);
    wrapped.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(key, value),
            None => wrapped.env_remove(key),
        };
    }
    wrapped
}

/// A built binary: in `HANSE_BIN_DIR`, or beside the running test.
pub fn binary(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os("HANSE_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let mut folder = std::env::current_exe()?;
            folder.pop();
            if folder.ends_with("deps") {
                folder.pop();
            }
            folder
        }
    };
    let path = folder.join(name);
    if !path.is_file() {
        bail!(
            "{} is missing: `cargo build --release --workspace` makes it, HANSE_BIN_DIR names its folder",
            path.display()
        );
    }
    Ok(path)
}

/// The clone that these tests belong to: `HANSE_ROOT`, which every script sets, or the one that they were compiled from.
/// The two differ when clones share compiled code.
pub fn repository_root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let compiled = || Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
        let root = std::env::var_os("HANSE_ROOT").map(PathBuf::from).or_else(compiled);
        root.expect("a workspace member's folder has a parent; qed")
    });
    &ROOT
}
