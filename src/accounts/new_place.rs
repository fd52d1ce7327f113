//! Sign-ins from new places, for the audit log.

use std::net::IpAddr;

use crate::audit::{AuditAction, AuditActor, AuditRecord};
use crate::id::UserId;
use crate::limits;

/// That somebody signs in where nobody has signed in to the account in the last 90 days. An address is new once, and the
/// rates of passwords bound how many there are.
pub(super) fn new_place(user: UserId, address: IpAddr, user_agent: Option<&str>) -> AuditRecord {
    let actor = AuditActor::User { user, address };
    let record = AuditRecord::new(actor, AuditAction::LoginFromNewPlace, user);
    let agent = user_agent.unwrap_or_default().chars().filter(|c| !c.is_control());
    let agent: String = agent.take(limits::AUDIT_AGENT_LENGTH).collect();
    if agent.is_empty() { record } else { record.with_detail(agent) }
}
