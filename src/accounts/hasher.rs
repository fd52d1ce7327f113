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

/// In this time about half of a full queue is done.
const RETRY_AFTER: Duration = Duration::from_secs(5);

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
        let too_many = Error::RateLimited { retry_after: RETRY_AFTER };
        let Ok(place) = self.places.try_acquire() else { return Err(too_many) };
        match tokio::time::timeout(self.wait, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(HashTurn { _place: place, _turn: turn }),
            Ok(Err(_)) | Err(_) => Err(too_many),
        }
    }

    /// The password's hash as a PHC string, with a fresh salt.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let salt = random::<SALT_BYTES>()?;
        self.run(move |memory| {
            let salt = Salt::new(&salt).map_err(internal)?;
            let output = digest(&password, &salt, PARAMS, memory)?;
            Ok(Hash { params: PARAMS, salt, output }.to_phc()?.to_string())
        })
        .await
    }

    /// Whether the password matches the stored hash. `None` means that there is no account: the answer is no, after the
    /// same amount of work. The hash is computed with the parameters stored in it.
    pub async fn verify(&self, password: Password, stored: Option<&str>) -> Result<bool> {
        let hash = stored.map_or_else(|| Ok(self.decoy.clone()), Hash::parse)?;
        #[cfg(test)]
        let verified = Arc::clone(&self.verified);
        let equal = self
            .run(move |memory| {
                let output = digest(&password, &hash.salt, hash.params, memory)?;
                #[cfg(test)]
                verified.fetch_add(1, Ordering::Relaxed);
                // `Output` compares in constant time.
                Ok(output == hash.output)
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
            Ok(Err(Undone::Full)) | Err(_) => Err(Error::RateLimited { retry_after: RETRY_AFTER }),
        }
    }
}

fn digest(password: &Password, salt: &[u8], params: Params, memory: &mut Memory) -> Result<Output> {
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..params.output_len().unwrap_or(OUTPUT_BYTES))
        .ok_or_else(|| Error::Internal(anyhow!("a stored password hash is too long")))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, output, memory.as_mut_slice())
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
mod tests {
    use super::*;
    use crate::pool::tests::occupy;

    const LONG: Duration = Duration::from_secs(60);

    fn password(raw: &str) -> Password {
        Password::for_login(raw.to_owned()).expect("short enough")
    }

    fn hasher(threads: usize, queue: usize) -> Hasher {
        Hasher::start_with(threads, queue, LONG).expect("a hasher")
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_no_other_does() {
        let hasher = Hasher::start().expect("a hasher");
        let hash = hasher.hash(password("correct horse")).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify(password("correct horse"), Some(&hash)).await.expect("an answer"));
        for wrong in ["", "correct horse ", "Correct horse", "correct hors", "correct horse\0"] {
            assert!(!hasher.verify(password(wrong), Some(&hash)).await.expect("an answer"), "{wrong:?}");
        }
        let again = hasher.hash(password("correct horse")).await.expect("a hash");
        assert_ne!(hash, again, "each has a salt of its own");
    }

    #[tokio::test]
    async fn a_login_costs_one_hash_whether_the_account_exists_or_not() {
        let hasher = hasher(1, 1);
        let hash = hasher.hash(password("123456")).await.expect("a hash");
        assert_eq!(hasher.verified.load(Ordering::Relaxed), 0);
        assert!(!hasher.verify(password("123456"), None).await.expect("an answer"));
        assert_eq!(hasher.verified.load(Ordering::Relaxed), 1);
        assert!(hasher.verify(password("123456"), Some(&hash)).await.expect("an answer"));
        assert_eq!(hasher.verified.load(Ordering::Relaxed), 2);
        let decoy = Hash::parse(&hasher.decoy.to_phc().expect("a PHC string").to_string()).expect("a hash");
        let somebody = Hash::parse(&hash).expect("a hash");
        assert_eq!(decoy.params, somebody.params);
        assert_eq!((decoy.salt.len(), decoy.output.len()), (somebody.salt.len(), somebody.output.len()));
    }

    #[tokio::test]
    async fn a_stored_hash_is_verified_with_its_own_parameters() {
        let hasher = hasher(1, 1);
        // From the test of the reference implementation.
        let others = [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ];
        for hash in others {
            assert!(hasher.verify(password("password"), Some(hash)).await.expect("an answer"), "{hash}");
            assert!(!hasher.verify(password("passwort"), Some(hash)).await.expect("an answer"), "{hash}");
        }
        let kept = hasher.run(|memory| Ok(memory.capacity())).await.expect("an answer");
        assert!(kept <= PARAMS.block_count(), "the 64 MiB of one hash are freed");
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_invalid_or_too_expensive_is_not_computed() {
        let hasher = hasher(1, 1);
        let tail = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let stored = |algorithm: &str, params: &str| format!("${algorithm}$v=19${params}${tail}");
        assert!(hasher.verify(password("x"), Some(&stored("argon2id", "m=131072,t=1,p=8"))).await.is_ok());
        assert!(hasher.verify(password("x"), Some(&stored("argon2id", "m=64,t=8,p=1"))).await.is_ok());
        assert_eq!(hasher.verified.load(Ordering::Relaxed), 2);
        let refused = [
            String::new(),
            "plain text".into(),
            "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".into(),
            "$argon2id$v=19$m=19456,t=2,p=1".into(),
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ".into(),
            format!("$argon2id$m=19456,t=2,p=1${tail}"),
            format!("$argon2id$v=16$m=19456,t=2,p=1${tail}"),
            stored("argon2i", "m=19456,t=2,p=1"),
            stored("argon2d", "m=19456,t=2,p=1"),
            stored("argon2id", "m=131073,t=1,p=1"),
            stored("argon2id", "m=4294967295,t=1,p=1"),
            stored("argon2id", "m=64,t=9,p=1"),
            stored("argon2id", "m=1024,t=1,p=9"),
            stored("argon2id", "m=7,t=1,p=1"),
            stored("argon2id", "m=64,t=0,p=1"),
            stored("argon2id", "m=64,t=1,p=1").replace("PPc", "P"),
        ];
        for hash in refused {
            let answer = hasher.verify(password("x"), Some(&hash)).await;
            assert!(matches!(answer, Err(Error::Internal(_))), "{hash}: {answer:?}");
            let message = format!("{answer:?}");
            assert!(hash.is_empty() || !message.contains(&hash), "{message}");
        }
        assert_eq!(hasher.verified.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn beyond_a_full_queue_it_is_rate_limited() {
        let hasher = hasher(1, 2);
        let release = occupy(&hasher.threads);
        let mut first = Box::pin(hasher.verify(password("x"), None));
        let mut second = Box::pin(hasher.verify(password("x"), None));
        let third = tokio::select! {
            biased;
            _ = &mut first => panic!("the thread is busy"),
            _ = &mut second => panic!("the thread is busy"),
            answer = hasher.verify(password("x"), None) => answer,
        };
        assert!(matches!(third, Err(Error::RateLimited { retry_after }) if retry_after > Duration::ZERO));
        drop(release);
        assert!(matches!((first.await, second.await), (Ok(false), Ok(false))));
    }

    #[tokio::test]
    async fn waiting_for_a_turn_is_bounded_by_the_queue() {
        let hasher = hasher(1, 1);
        let (_first, second) = (hasher.turn().await.expect("a turn"), hasher.turn().await.expect("a turn"));
        let mut third = Box::pin(hasher.turn());
        let fourth = tokio::select! {
            biased;
            _ = &mut third => panic!("there are two"),
            fourth = hasher.turn() => fourth,
        };
        assert!(matches!(fourth, Err(Error::RateLimited { .. })));
        drop(second);
        assert!(third.await.is_ok());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_limit() {
        let hasher = Hasher::start_with(1, 1, Duration::from_millis(20)).expect("a hasher");
        let release = occupy(&hasher.threads);
        let answer = hasher.verify(password("x"), None).await;
        assert!(matches!(answer, Err(Error::RateLimited { .. })));
        let _turns = (hasher.turn().await, hasher.turn().await);
        assert!(matches!(hasher.turn().await, Err(Error::RateLimited { .. })));
        drop(release);
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let hasher = hasher(1, 1);
        let answer = hasher.run::<()>(|_| panic!("on purpose")).await;
        assert!(matches!(answer, Err(Error::Internal(_))));
    }
}
