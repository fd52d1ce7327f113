//! The table of nodes: their leases, by the clock of the database, and who is online on each. PostgreSQL's alone.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::{Db, postgres};
use crate::limits;

/// A lease as its holder knows it. What it writes counts only while the database has the same generation.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// The node.
    pub node: Uuid,
    /// How often it has lost its lease.
    pub generation: i64,
}

/// A node as the database has it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct NodeRow {
    /// The node.
    pub id: Uuid,
    /// The version of its program.
    pub version: String,
    /// When it started, by its own clock, in milliseconds since 1970.
    pub started_at: i64,
    /// How far its hub had come when it last renewed its lease.
    pub position: i64,
    /// How long its lease still lasts, in milliseconds; negative if it has expired.
    pub expires_in: i64,
}

/// A person who is online on a node.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct NodePerson {
    /// The node.
    pub node_id: Uuid,
    /// The person.
    pub user_id: Uuid,
}

impl Db {
    /// Writes a node and its people anew, with a lease that begins now.
    pub async fn register_node(
        &self,
        lease: Lease,
        version: &str,
        started_at: i64,
        people: Vec<Uuid>,
    ) -> Result<(), DbErr> {
        let tx = self.reader.begin().await?;
        run(&tx, "DELETE FROM node_person WHERE node_id = $1", [lease.node.into()]).await?;
        let sql = "INSERT INTO node (id, generation, version, started_at, position, expires_at)
                   VALUES ($1, $2, $3, $4, 0, clock_timestamp() + $5 * interval '1 millisecond')
                   ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, expires_at = excluded.expires_at";
        let term = limits::NODE_LEASE.as_millis() as f64;
        let values = [lease.node.into(), lease.generation.into(), version.into(), started_at.into(), term.into()];
        run(&tx, sql, values).await?;
        let sql = "INSERT INTO node_person (node_id, user_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING";
        run(&tx, sql, [lease.node.into(), people.into()]).await?;
        tx.commit().await
    }

    /// Renews a lease; `false` if it was lost. The node says how far its hub has come.
    pub async fn renew_lease(&self, lease: Lease, position: i64) -> Result<bool, DbErr> {
        let sql = "UPDATE node SET expires_at = clock_timestamp() + $3 * interval '1 millisecond', position = $4
                    WHERE id = $1 AND generation = $2 AND expires_at > clock_timestamp()";
        let term = limits::NODE_LEASE.as_millis() as f64;
        let values = [lease.node.into(), lease.generation.into(), term.into(), position.into()];
        Ok(run(&self.reader, sql, values).await? == 1)
    }

    /// Lets a lease end soon: the node stops, and its people may come to another one meanwhile.
    pub async fn end_lease(&self, lease: Lease) -> Result<(), DbErr> {
        let sql = "UPDATE node SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
                    WHERE id = $1 AND generation = $2";
        let grace = limits::PRESENCE_GRACE.as_millis() as f64;
        run(&self.reader, sql, [lease.node.into(), lease.generation.into(), grace.into()]).await.map(drop)
    }

    /// Writes who came and went on a node, and says it to all nodes; `false` if the lease was lost, and nothing is
    /// written.
    pub async fn move_people(
        &self,
        lease: Lease,
        came: Vec<Uuid>,
        went: Vec<Uuid>,
        payload: &str,
    ) -> Result<bool, DbErr> {
        let sql = "WITH lease AS (
              SELECT id FROM node WHERE id = $1 AND generation = $2 AND expires_at > clock_timestamp() FOR SHARE
            ), came AS (
              INSERT INTO node_person (node_id, user_id) SELECT lease.id, unnest($3::uuid[]) FROM lease
                  ON CONFLICT DO NOTHING
            ), went AS (
              DELETE FROM node_person USING lease WHERE node_id = lease.id AND user_id = ANY($4::uuid[])
            )
            SELECT pg_notify($5, $6)::text FROM lease";
        let values = [
            lease.node.into(),
            lease.generation.into(),
            came.into(),
            went.into(),
            postgres::CHANNEL.into(),
            payload.into(),
        ];
        Ok(self.reader.query_one_raw(statement(&self.reader, sql, values)).await?.is_some())
    }

    /// All nodes, the oldest first, those whose lease has expired included, and who is online on each.
    pub async fn nodes(&self) -> Result<(Vec<NodeRow>, Vec<NodePerson>), DbErr> {
        let snapshot = self.snapshot().await?;
        let sql = "SELECT id, version, started_at, position,
                          (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint AS expires_in
                     FROM node ORDER BY started_at, id";
        let nodes = NodeRow::find_by_statement(statement(&self.reader, sql, [])).all(&snapshot).await?;
        let sql = "SELECT node_id, user_id FROM node_person";
        let people = NodePerson::find_by_statement(statement(&self.reader, sql, [])).all(&snapshot).await?;
        snapshot.end().await?;
        Ok((nodes, people))
    }

    /// How many nodes live, of how many.
    pub async fn living_nodes(&self) -> Result<(i64, i64), DbErr> {
        let sql = "SELECT count(*) FILTER (WHERE expires_at > clock_timestamp()) AS living, count(*) AS of FROM node";
        let row = self.reader.query_one_raw(statement(&self.reader, sql, [])).await?;
        row.map_or(Ok((0, 0)), |row| Ok((row.try_get("", "living")?, row.try_get("", "of")?)))
    }

    /// Removes nodes that are long gone.
    pub async fn remove_old_nodes(&self) -> Result<(), DbErr> {
        let sql = "WITH gone AS (
              DELETE FROM node WHERE expires_at < clock_timestamp() - $1 * interval '1 millisecond' RETURNING id
            )
            DELETE FROM node_person USING gone WHERE node_id = gone.id";
        let kept = limits::OLD_NODES.as_millis() as f64;
        run(&self.reader, sql, [kept.into()]).await.map(drop)
    }
}

async fn run(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}
