//! Hashes passwords with argon2id on dedicated threads, so that a burst of logins does not starve other work.

#[cfg(test)]
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::accounts::password::Password;
use crate::error::{Error, Result};
use crate::limits;
use crate::pool::{Pool, Undone};

/// Parameters for new passwords: 19 MiB, 2 passes, 1 lane (OWASP's Password Storage Cheat Sheet).
const PARAMS: Params = match Params::new(19_456, 2, 1, Some(OUTPUT_BYTES)) {
    Ok(params) => params,
    Err(_) => panic!("these parameters are within argon2's bounds"),
};
const OUTPUT_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// Upper bounds for the parameters of a stored hash: far more than is recommended today (RFC 9106 has 64 MiB, 3 passes,
/// 4 lanes), and far less than would stall the server.
const MAX_MEMORY_KIB: u32 = 128 * 1024;
const MAX_PASSES: u32 = 8;
const MAX_LANES: u32 = 8;

/// The answer to whoever finds no place in the queue, or waits in it for too long. The server is busy, whoever asks: it
/// is no rate of theirs. In this time about half of a full queue is done.
const QUEUE_FULL: Error = Error::Unavailable { retry_after: Duration::from_secs(5) };

/// One thread per core behind a bounded queue. Dropping it ends each thread after its current hash.
pub struct Hasher {
    threads: Pool<Memory>,
    wait: Duration,
    /// Callers that are hashing or about to.
    turns: Semaphore,
    /// Those, and callers waiting for a turn.
    places: Semaphore,
    /// The hash that a password is compared with if the account does not exist.
    decoy: Hash,
    /// The passwords compared since the start.
    #[cfg(test)]
    verified: Arc<AtomicU64>,
}

/// A permit to hash passwords, released when dropped.
pub struct HashTurn<'a> {
    _turn: SemaphorePermit<'a>,
    _place: SemaphorePermit<'a>,
}

/// Reused by its thread: allocating 19 MiB each time cost 7 % of a hash.
type Memory = Vec<Block>;

impl Hasher {
    /// Starts the threads.
    pub fn start() -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::start_with(cores, limits::HASH_QUEUE, limits::HASH_WAIT)
    }

    /// Waits until a thread is about to be free. All hashing happens within a turn, so that nobody waits twice. A login
    /// does the rest of its work within its turn too: otherwise a hundred simultaneous logins would put a hundred
    /// queries in front of every other request.
    pub async fn turn(&self) -> Result<HashTurn<'_>> {
        let Ok(place) = self.places.try_acquire() else { return Err(QUEUE_FULL) };
        match tokio::time::timeout(self.wait, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(HashTurn { _place: place, _turn: turn }),
            Ok(Err(_)) | Err(_) => Err(QUEUE_FULL),
        }
    }

    /// The password's hash as a PHC string, with a fresh salt.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let salt = random::<SALT_BYTES>()?;
        self.run(move |memory| {
            let salt = Salt::new(&salt).map_err(internal)?;
            let output = digest(password.to_store(), &salt, PARAMS, memory)?;
            Ok(Hash { params: PARAMS, salt, output }.to_phc()?.to_string())
        })
        .await
    }

    /// Whether the password matches the stored hash. `None` means that there is no account: the answer is no, after the
    /// same amount of work: one hash, or two for a password that is not in normal form. They are computed with the
    /// parameters stored in it.
    pub async fn verify(&self, password: Password, stored: Option<&str>) -> Result<bool> {
        let hash = stored.map_or_else(|| Ok(self.decoy.clone()), Hash::parse)?;
        #[cfg(test)]
        let verified = Arc::clone(&self.verified);
        let equal = self
            .run(move |memory| {
                for form in password.to_compare() {
                    let output = digest(form, &hash.salt, hash.params.clone(), memory)?;
                    #[cfg(test)]
                    verified.fetch_add(1, Ordering::Relaxed);
                    // `Output` compares in constant time.
                    if output == hash.output {
                        return Ok(true);
                    }
                }
                Ok(false)
            })
            .await?;
        Ok(equal && stored.is_some())
    }

    fn start_with(threads: usize, queue: usize, wait: Duration) -> Result<Self> {
        let decoy = Hash {
            params: PARAMS,
            salt: Salt::new(&random::<SALT_BYTES>()?).map_err(internal)?,
            output: Output::new(&random::<OUTPUT_BYTES>()?).map_err(internal)?,
        };
        // One more than there are threads, so that no thread idles between two hashes.
        let (turns, places) = (Semaphore::new(threads + 1), Semaphore::new(threads + 1 + queue));
        let threads = Pool::start("hasher", threads, queue).map_err(|error| Error::Internal(error.into()))?;
        Ok(Self {
            threads,
            wait,
            turns,
            places,
            decoy,
            #[cfg(test)]
            verified: Arc::default(),
        })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Memory) -> Result<T> + Send + 'static) -> Result<T> {
        match tokio::time::timeout(self.wait, self.threads.run(work)).await {
            Ok(Ok(result)) => result,
            Ok(Err(Undone::Panicked)) => Err(Error::Internal(anyhow!("hashing a password panicked"))),
            Ok(Err(Undone::Full)) | Err(_) => Err(QUEUE_FULL),
        }
    }
}

fn digest(password: &[u8], salt: &[u8], params: Params, memory: &mut Memory) -> Result<Output> {
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..params.output_len().unwrap_or(OUTPUT_BYTES))
        .ok_or_else(|| Error::Internal(anyhow!("a stored password hash is too long")))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password, salt, output, memory.as_mut_slice())
        .map_err(internal)?;
    // One expensive hash must not keep the thread's memory large.
    memory.truncate(PARAMS.block_count());
    memory.shrink_to_fit();
    Output::new(output).map_err(internal)
}

/// A stored password hash.
#[derive(Clone)]
struct Hash {
    params: Params,
    salt: Salt,
    output: Output,
}

impl Hash {
    /// The error messages contain nothing of the string, so that it can't reach a log.
    fn parse(phc: &str) -> Result<Self> {
        let phc = PasswordHash::new(phc).map_err(internal)?;
        let version = phc.version.unwrap_or_default();
        if phc.algorithm != ARGON2ID_IDENT || version != u32::from(Version::V0x13) {
            return Err(Error::Internal(anyhow!("a stored password hash is not argon2id version 19")));
        }
        let params = Params::try_from(&phc).map_err(internal)?;
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES {
            return Err(Error::Internal(anyhow!("a stored password hash has parameters above the server's bounds")));
        }
        let (Some(salt), Some(output)) = (phc.salt, phc.hash) else {
            return Err(Error::Internal(anyhow!("a stored password hash lacks its salt or its output")));
        };
        Ok(Self { params, salt, output })
    }

    fn to_phc(&self) -> Result<PasswordHash> {
        Ok(PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: (&self.params).try_into().map_err(internal)?,
            salt: Some(self.salt),
            hash: Some(self.output),
        })
    }
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(anyhow!("no random bytes: {error}")))?;
    Ok(bytes)
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Internal(anyhow::Error::new(error).context("a password could not be hashed"))
}

#[cfg(test)]
mod tests;
