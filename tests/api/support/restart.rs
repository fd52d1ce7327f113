//! Stopping a server and starting it again on the same database.

use super::*;

impl TestApp {
    /// Stops the server and starts another one at the same address over the same database, as after an update.
    pub async fn restart(&mut self) {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await.expect("the same port");
        let config = Config::from_lookup(|name| self.settings.get(name).cloned()).expect("good settings");
        self.shutdown = CancellationToken::new();
        let (clock, shutdown) = (self.clock.clone(), self.shutdown.clone());
        self.server = Some(tokio::spawn(parlour::run(Arc::new(config), clock, listener, shutdown)));
        self.is_ready().await;
    }

    /// Likewise, with other settings.
    pub async fn restart_with(&mut self, settings: &[(&str, &str)]) {
        self.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.restart().await;
    }

    /// Starts stopping the server, as a signal would, and does not wait.
    pub fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }
}
