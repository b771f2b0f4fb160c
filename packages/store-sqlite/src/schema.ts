/**
 * The store's tables, a migration an entry: never changed once released, only added to.
 *
 * Unsigned 64-bit numbers (project ids, nonces) lie as the signed integer of the same bits. Hashes, ids and keys are blobs; times are
 * milliseconds since the epoch.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE logs (
  id INTEGER PRIMARY KEY,
  project INTEGER NOT NULL,
  version TEXT NOT NULL,
  cursor INTEGER NOT NULL DEFAULT 0,
  UNIQUE (project, version)
) STRICT;
CREATE TABLE devices (
  id INTEGER PRIMARY KEY,
  project INTEGER NOT NULL,
  did TEXT NOT NULL,
  UNIQUE (project, did)
) STRICT;
-- Rows are never deleted: a position, once given, is never given again.
CREATE TABLE messages (
  position INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  log INTEGER NOT NULL,
  auth TEXT NOT NULL,
  device INTEGER,
  nonce INTEGER,
  place TEXT NOT NULL CHECK (place IN ('row', 'blob', 'expired')),
  size INTEGER NOT NULL,
  hash BLOB NOT NULL,
  signature BLOB,
  received_at INTEGER NOT NULL,
  payload TEXT
) STRICT;
-- Nonce before device: nonces of a fleet grow together, counters as well as times, so that new entries lie side by side.
CREATE UNIQUE INDEX messages_nonce ON messages (nonce, device) WHERE nonce IS NOT NULL;
CREATE INDEX messages_log ON messages (log);
CREATE INDEX messages_legacy ON messages (device, hash) WHERE auth = 'legacy';
CREATE INDEX messages_blob ON messages (hash) WHERE place = 'blob';
CREATE TABLE message_keys (
  key BLOB PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sequences (
  project INTEGER NOT NULL,
  sequencer TEXT NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (project, sequencer)
) STRICT, WITHOUT ROWID;
CREATE TABLE tasks (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  log INTEGER NOT NULL,
  up_to INTEGER NOT NULL,
  project INTEGER NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  problem TEXT,
  failure TEXT,
  lease_token INTEGER NOT NULL DEFAULT 0,
  lease_holder TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  expired INTEGER NOT NULL DEFAULT 0,
  task_signature TEXT,
  assignment TEXT,
  proof TEXT,
  result TEXT,
  settlement TEXT
) STRICT;
CREATE UNIQUE INDEX tasks_log ON tasks (log, up_to);
CREATE INDEX tasks_number ON tasks (project, number);
CREATE INDEX tasks_project ON tasks (project);
CREATE INDEX tasks_project_state ON tasks (project, state);
CREATE INDEX tasks_state ON tasks (state);
CREATE INDEX tasks_step ON tasks (state, updated_at);
CREATE INDEX tasks_unexpired ON tasks (project, created_at) WHERE expired = 0;
-- What never changes after packing, apart: a step rewrites a row of tasks whole.
CREATE TABLE task_contents (
  task INTEGER PRIMARY KEY,
  content TEXT NOT NULL,
  members BLOB NOT NULL
) STRICT;
CREATE TABLE task_states (
  task INTEGER NOT NULL,
  step INTEGER NOT NULL,
  state TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  result TEXT,
  PRIMARY KEY (task, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
  hash BLOB PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

-- One row a hint, however often it is sent. held: with a receiver; again_at: sent again meanwhile, to be visible then.
CREATE TABLE hints (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  visible_at INTEGER NOT NULL,
  held INTEGER NOT NULL DEFAULT 0,
  again_at INTEGER,
  delivery INTEGER NOT NULL DEFAULT 0,
  receive_count INTEGER NOT NULL DEFAULT 0,
  UNIQUE (queue, body)
) STRICT;
CREATE INDEX hints_visible ON hints (queue, visible_at);
CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX dead_letters_queue ON dead_letters (queue);

CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  block TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE projects (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL,
  hash TEXT NOT NULL,
  paused INTEGER NOT NULL,
  owner TEXT,
  block TEXT NOT NULL
) STRICT;
CREATE TABLE nonces (
  id INTEGER PRIMARY KEY,
  chain TEXT NOT NULL,
  account TEXT NOT NULL,
  nonce INTEGER NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (chain, account, nonce)
) STRICT;
CREATE INDEX nonces_open ON nonces (chain, account, nonce) WHERE status IN ('live', 'filled');
CREATE TABLE nonce_tasks (
  task TEXT NOT NULL,
  nonce INTEGER NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (task, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_tasks_nonce ON nonce_tasks (nonce, place);
CREATE TABLE nonce_attempts (
  nonce INTEGER NOT NULL,
  hash TEXT NOT NULL,
  place INTEGER NOT NULL,
  raw BLOB NOT NULL,
  max_fee TEXT NOT NULL,
  max_priority_fee TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (nonce, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE spends (
  project INTEGER NOT NULL,
  day TEXT NOT NULL,
  wei TEXT NOT NULL,
  PRIMARY KEY (project, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  secret_hash BLOB NOT NULL UNIQUE,
  label TEXT NOT NULL,
  scopes TEXT NOT NULL,
  project INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
`,
  `
CREATE TABLE exports (
  id INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  blob BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  oldest_at INTEGER NOT NULL,
  newest_at INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX exports_log ON exports (log);
-- Payload files that no message needs any more: a process that is killed forgets none.
CREATE TABLE dropped_payloads (
  hash BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
-- Retention is a version's, so a log's.
DROP INDEX tasks_unexpired;
CREATE INDEX tasks_unexpired ON tasks (log, created_at) WHERE expired = 0;
`,
  `
-- Lines of the state log by the order in which they were written. Rows are never deleted, so a position is never given again.
CREATE TABLE task_lines (
  position INTEGER PRIMARY KEY,
  task INTEGER NOT NULL,
  step INTEGER NOT NULL,
  state TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  result TEXT,
  UNIQUE (task, step)
) STRICT;
INSERT INTO task_lines (task, step, state, at, actor, reason, result)
  SELECT task, step, state, at, actor, reason, result FROM task_states ORDER BY at, task, step;
DROP TABLE task_states;
ALTER TABLE task_lines RENAME TO task_states;
`,
]
