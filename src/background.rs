//! What runs beside requests, from the start of a server to its end.

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::http::{self, HttpState};
use crate::local_socket::LocalSocket;
use crate::program::Program;
use crate::webhooks::Webhooks;
use crate::{reports, retention};

/// The tasks that run beside requests.
pub(crate) struct Background {
    tasks: TaskTracker,
    stopping: CancellationToken,
    shutdown: DropGuard,
}

impl Background {
    /// Starts them.
    pub(crate) fn start(program: &Program, webhooks: Webhooks) -> Self {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(program.app.bus.clone().run_background(shutdown.clone()));
        tasks.spawn(program.presence.clone().run_background(shutdown.clone()));
        tasks.spawn(program.consumers.clone().run_background(shutdown.clone()));
        tasks.spawn(program.accounts.clone().run_background(shutdown.clone()));
        tasks.spawn(program.images.clone().run_background(shutdown.clone()));
        tasks.spawn(program.search.clone().run_background(shutdown.clone()));
        tasks.spawn(program.typing.clone().run_background(shutdown.clone()));
        tasks.spawn(reports::run_background(program.app.clone(), program.images.clone(), shutdown.clone()));
        tasks.spawn(retention::run_background(program.app.clone(), program.images.clone(), shutdown.clone()));
        tasks.spawn(program.exports.clone().run_background(shutdown.clone()));
        tasks.spawn(program.erasure.clone().run_background(shutdown.clone()));
        tasks.spawn(webhooks.run_background(shutdown.clone()));
        Self { tasks, stopping: shutdown.clone(), shutdown: shutdown.drop_guard() }
    }

    /// Until the very end, so that a scrape sees how the server stops.
    pub(crate) fn serve_metrics(&self, listener: TcpListener, state: HttpState) {
        self.tasks.spawn(http::metrics::serve(listener, state, self.stopping.clone()));
    }

    /// Runs the operator's commands.
    pub(crate) fn take_commands(&self, socket: LocalSocket, program: Program) {
        self.tasks.spawn(socket.serve(program, self.stopping.clone()));
    }

    /// Stops the tasks and waits for them.
    pub(crate) async fn finish(self) {
        drop(self.shutdown);
        self.tasks.close();
        self.tasks.wait().await;
    }
}
