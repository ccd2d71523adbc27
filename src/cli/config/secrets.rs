//! `funding-arb config encrypt | decrypt | edit | rotate`: values that must not be seen in files.

use crate::cli::{exit, say};
use clap::Subcommand;
use config::secret::file::{self, What};
use config::secret::keys::{Keys, Recipients};
use config::secret::sops::Rules;
use config::secret::{SecretFault, sealed};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const KEYS: &str = "\
Keys are read from FUNDING_ARB_AGE_KEY_FILE, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY and ~/.config/sops/age/keys.txt;
recipients from --recipient, else FUNDING_ARB_AGE_RECIPIENTS or SOPS_AGE_RECIPIENTS, else those of the keys.";

/// Commands on encrypted values.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum SecretsCommand {
    /// Encrypt values of a file with age, in place; without a file, a value from standard input.
    #[command(after_help = KEYS)]
    Encrypt {
        /// The file; without one a value is read from standard input and printed as ENC[age,...].
        file: Option<PathBuf>,
        /// Whom for (age1...); may be repeated.
        #[arg(long, value_name = "AGE1")]
        recipient: Vec<String>,
        /// Only this value, with its whole key; may be repeated. Without: every key that holds a secret.
        #[arg(long, conflicts_with = "sops")]
        key: Vec<String>,
        /// The whole file, in the format of SOPS.
        #[arg(long)]
        sops: bool,
        /// Of a SOPS file only values below keys that match.
        #[arg(long, value_name = "REGEX", requires = "sops")]
        only: Option<String>,
    },
    /// Print a file with everything decrypted.
    #[command(after_help = KEYS)]
    Decrypt {
        /// The file.
        file: PathBuf,
        /// Replace the file instead of printing.
        #[arg(long)]
        in_place: bool,
    },
    /// Change a file's plain text in $VISUAL or $EDITOR; what was encrypted is encrypted again.
    #[command(after_help = KEYS)]
    Edit {
        /// The file.
        file: PathBuf,
        /// Whom changed single values are for (age1...); a SOPS file keeps its recipients.
        #[arg(long, value_name = "AGE1")]
        recipient: Vec<String>,
    },
    /// Encrypt everything in files anew: new data keys, and new recipients when some are given.
    #[command(after_help = KEYS)]
    Rotate {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Whom for from now on (age1...); may be repeated.
        #[arg(long, value_name = "AGE1")]
        recipient: Vec<String>,
    },
}

pub(super) fn run(command: &SecretsCommand) -> ExitCode {
    let done = match command {
        SecretsCommand::Encrypt { file, recipient, key, sops, only } => match file {
            None => value(recipient),
            Some(file) => encrypt(file, recipient, key, *sops, only.as_deref()),
        },
        SecretsCommand::Decrypt { file, in_place } => decrypt(file, *in_place),
        SecretsCommand::Edit { file, recipient } => edit(file, recipient),
        SecretsCommand::Rotate { files, recipient } => rotate(files, recipient),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => exit::configuration(&format!("config: {why}")),
    }
}

fn encrypt(
    path: &Path,
    recipients: &[String],
    keys: &[String],
    sops: bool,
    only: Option<&str>,
) -> Result<(), String> {
    let rules = only.map_or_else(|| Ok(Rules::default()), Rules::only).map_err(text)?;
    let what = if sops { What::Whole(rules) } else { What::Values(keys.to_vec()) };
    let recipients = whom(recipients)?;
    let done = file::encrypt(path, &what, &recipients)?;
    for key in &done {
        say::line(&format!("{key}: encrypted"));
    }
    match (sops, done.is_empty()) {
        (true, _) => say::line(&format!("{}: encrypted", path.display())),
        (false, true) => {
            say::line("nothing to encrypt: every secret is encrypted, a variable or empty");
        }
        (false, false) => {}
    }
    Ok(())
}

/// One value from standard input; its last line end is not part of it.
fn value(recipients: &[String]) -> Result<(), String> {
    let mut plain = zeroize::Zeroizing::new(String::new());
    std::io::stdin().read_to_string(&mut plain).map_err(|why| format!("standard input: {why}"))?;
    let plain = plain.strip_suffix('\n').unwrap_or(&plain);
    say::line(&sealed::seal(plain, &whom(recipients)?).map_err(text)?);
    Ok(())
}

fn decrypt(path: &Path, in_place: bool) -> Result<(), String> {
    let keys = keys()?;
    if in_place {
        return file::decrypt_in_place(path, &keys);
    }
    say::line(file::decrypt(path, &keys)?.trim_end());
    Ok(())
}

fn edit(path: &Path, recipients: &[String]) -> Result<(), String> {
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(std::env::var_os);
    let editor = editor.unwrap_or_else(|| "vi".into());
    // Memory rather than a disk, where there is such a folder.
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folders = folder.into_iter().chain(["/dev/shm".into(), std::env::temp_dir()]);
    let folder = folders.into_iter().find(|folder| folder.is_dir()).unwrap_or_default();
    let changed = file::edit(path, &keys()?, &whom(recipients)?, &editor, &folder)?;
    say::line(if changed { "changed and encrypted" } else { "nothing changed" });
    Ok(())
}

fn rotate(paths: &[PathBuf], recipients: &[String]) -> Result<(), String> {
    let keys = keys()?;
    let given = (!recipients.is_empty()).then(|| whom(recipients)).transpose()?;
    for path in paths {
        file::rotate(path, &keys, given.as_ref(), own)?;
        say::line(&format!("{}: encrypted anew", path.display()));
    }
    Ok(())
}

fn keys() -> Result<Keys, String> {
    Keys::find(&|name| std::env::var(name).ok()).map_err(text)
}

fn whom(recipients: &[String]) -> Result<Recipients, String> {
    if recipients.is_empty() {
        return own().map_err(text);
    }
    Recipients::parse(recipients.iter().map(String::as_str)).map_err(text)
}

/// Those of the environment.
fn own() -> Result<Recipients, SecretFault> {
    Recipients::find(&|name| std::env::var(name).ok())
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn text(why: SecretFault) -> String {
    why.to_string()
}
