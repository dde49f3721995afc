-- One store for one exam server. Personal data is never here: names, ID digits and photos stay inside the sealed
-- Seating and are read into memory. Items never are: they stay inside the sealed ExamParcel.
PRAGMA user_version = 3;

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE sitting (
  sitting_id   TEXT PRIMARY KEY,
  state        TEXT NOT NULL CHECK (state IN ('imported', 'opened', 'running', 'closed', 'returned')),
  package_id   TEXT,
  token        BLOB,              -- the accepted KeyRelease token, which travels back in the return parcel
  bell_at      INTEGER,           -- wall label of the start bell, unix seconds
  closed_at    INTEGER,
  closing_size INTEGER,           -- size of the ledger at the closing checkpoint
  pruned_at    INTEGER            -- from here answers, scores and photos of this sitting are gone; its ledger stays whole
) STRICT;

CREATE TABLE parcel (             -- every parcel that was accepted; its bytes lie in inbox/
  hash        TEXT PRIMARY KEY,
  kind        TEXT NOT NULL CHECK (kind IN ('exam_parcel', 'seating', 'receipt')),
  sitting_id  TEXT NOT NULL,
  rev         INTEGER NOT NULL,
  file        TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  UNIQUE (kind, sitting_id, rev)
) STRICT;

CREATE TABLE sitting_clock (      -- one row a sitting, rewritten each tick; all in milliseconds
  sitting_id TEXT PRIMARY KEY REFERENCES sitting,
  boot_id    TEXT NOT NULL,
  boottime   INTEGER NOT NULL,
  jump       INTEGER NOT NULL,    -- rehearsal offset at the tick
  wall       INTEGER NOT NULL,
  token_time INTEGER NOT NULL,    -- unix time that windows are judged by
  ran        INTEGER NOT NULL,    -- time since the bell that counts for candidates
  paused     INTEGER NOT NULL CHECK (paused IN (0, 1)),
  why        TEXT NOT NULL DEFAULT '' CHECK (why IN ('', 'staff', 'lan_lost')),   -- cause of the pause
  standstill INTEGER NOT NULL DEFAULT 0,   -- of nobody's time, not yet in the ledger
  cause      TEXT NOT NULL DEFAULT ''      -- of the standstill
) STRICT;

CREATE TABLE attempt (
  no          INTEGER PRIMARY KEY,
  attempt     TEXT NOT NULL UNIQUE,
  sitting_id  TEXT NOT NULL REFERENCES sitting,
  room        TEXT NOT NULL,
  seat        TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('expected', 'signed_in', 'seated', 'open', 'handed_in', 'absent', 'refused')),
  late        INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
  reason      TEXT NOT NULL DEFAULT '',
  code        TEXT UNIQUE,        -- one-time start code, empty once used
  code_wrong  INTEGER NOT NULL DEFAULT 0,
  lease       INTEGER NOT NULL DEFAULT 0,
  lease_hash  BLOB,               -- SHA-256 of the terminal's secret
  lease_head  BLOB,               -- chain head when this lease began
  salt        BLOB,               -- seeds the chain; never shown
  opened_at   INTEGER,            -- wall label, unix seconds
  position    INTEGER NOT NULL DEFAULT 1,
  extra       INTEGER NOT NULL DEFAULT 0,   -- credited milliseconds, each with its ledger entry
  lost_credit INTEGER NOT NULL DEFAULT 0,   -- of these, credited because the terminal was lost
  paused_at   INTEGER,            -- `ran` of the sitting when this attempt was paused
  pause_cause TEXT NOT NULL DEFAULT '' CHECK (pause_cause IN ('', 'staff', 'break', 'held')),
  pulsed      INTEGER NOT NULL DEFAULT 0 CHECK (pulsed IN (0, 1)),   -- its terminal gives signs of life by itself
  ended_at    INTEGER,
  ended_by    TEXT CHECK (ended_by IN ('candidate', 'time', 'staff')),
  ended_ran   INTEGER,
  answered    INTEGER
) STRICT;

-- One terminal serves one attempt; the seat of somebody absent may serve somebody who had to move.
CREATE UNIQUE INDEX attempt_seat ON attempt (sitting_id, room, seat) WHERE state IN ('signed_in', 'seated', 'open');

CREATE TABLE answer_event (       -- an acknowledged event is a row here, durable before the acknowledgement
  attempt_no INTEGER NOT NULL REFERENCES attempt,
  lease      INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('answer', 'mark', 'signal')),
  item       INTEGER NOT NULL,
  value      TEXT NOT NULL,
  chain      BLOB NOT NULL,
  ran        INTEGER NOT NULL,
  entry      INTEGER NOT NULL,    -- ledger entry that carries the digest of this batch
  PRIMARY KEY (attempt_no, lease, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE late_event (         -- what a terminal sent after its attempt was closed: evidence, never an answer
  no         INTEGER PRIMARY KEY,
  attempt_no INTEGER NOT NULL REFERENCES attempt,
  body       TEXT NOT NULL,
  wall       INTEGER NOT NULL
) STRICT;

CREATE TABLE irregularity (
  no         INTEGER PRIMARY KEY,
  sitting_id TEXT NOT NULL REFERENCES sitting,
  attempt    TEXT NOT NULL,       -- empty: the sitting as a whole
  code       TEXT NOT NULL,
  note       TEXT NOT NULL,
  by         TEXT NOT NULL,
  second     TEXT NOT NULL,
  wall       INTEGER NOT NULL
) STRICT;

CREATE TABLE readiness (
  no         INTEGER PRIMARY KEY,
  sitting_id TEXT NOT NULL,
  item       TEXT NOT NULL,
  result     TEXT NOT NULL CHECK (result IN ('ok', 'fault', 'waived')),
  note       TEXT NOT NULL,
  by         TEXT NOT NULL,
  second     TEXT NOT NULL,
  wall       INTEGER NOT NULL
) STRICT;

CREATE TABLE bundle (             -- a rev of a return parcel is built once; its bytes lie in outbox/
  bundle_id  TEXT NOT NULL,
  sitting_id TEXT NOT NULL REFERENCES sitting,
  rev        INTEGER NOT NULL,
  hash       TEXT NOT NULL UNIQUE,
  prev_hash  TEXT NOT NULL,
  file       TEXT NOT NULL,
  size       INTEGER NOT NULL,    -- ledger size it covers
  wall       INTEGER NOT NULL,
  receipt    BLOB,
  PRIMARY KEY (sitting_id, rev)
) STRICT;

CREATE TABLE rest (               -- a break that the accommodations give; `ran` of the sitting, milliseconds
  attempt_no INTEGER NOT NULL REFERENCES attempt,
  no         INTEGER NOT NULL,
  began_ran  INTEGER NOT NULL,
  ended_ran  INTEGER,
  PRIMARY KEY (attempt_no, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE seat_photo (         -- taken at the seat; sealed under a key of this server, opened for the return parcel
  attempt_no INTEGER PRIMARY KEY REFERENCES attempt,
  data       BLOB NOT NULL,
  wall       INTEGER NOT NULL
) STRICT;

CREATE TABLE slip (               -- the ledger at a glance, for the way across the gap as QR codes
  sitting_id TEXT NOT NULL REFERENCES sitting,
  kind       TEXT NOT NULL CHECK (kind IN ('gate', 'open', 'close')),
  text       TEXT NOT NULL,       -- QR 1, signed by this server
  size       INTEGER NOT NULL,
  proof      TEXT NOT NULL,       -- JSON: hashes that lead from the size of the last receipt to this one
  approvals  TEXT NOT NULL,       -- JSON: the two who signed a closing slip
  wall       INTEGER NOT NULL,
  PRIMARY KEY (sitting_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE scoring (            -- provisional outcomes, once a sitting; never an answer key
  sitting_id TEXT PRIMARY KEY REFERENCES sitting,
  token      BLOB NOT NULL,       -- the accepted KeyRelease of stage 2
  outcomes   TEXT NOT NULL,       -- JSON as it travels in the return parcel
  digest     TEXT NOT NULL,
  wall       INTEGER NOT NULL
) STRICT;

CREATE TABLE mark_sheet (         -- 实操评分表: what one examiner says of one candidate; a re-entry is a new version, every one stays
  attempt_no INTEGER NOT NULL REFERENCES attempt,
  examiner   TEXT NOT NULL,       -- key id, or place in the staff list of the seating; never a name
  version    INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('open', 'signed', 'replaced', 'released')),
  reason     TEXT NOT NULL,       -- of the re-entry, or of giving an unsigned sheet up
  device     TEXT NOT NULL,       -- serial of the tablet, empty on plain loopback
  began      INTEGER NOT NULL,    -- wall label, unix seconds
  statement  TEXT NOT NULL DEFAULT '',   -- JSON: the exact words that were signed
  signature  TEXT NOT NULL DEFAULT '',   -- JSON: the signed approval; empty where a rehearsal's examiner has no key
  signed_at  INTEGER,
  place      INTEGER,             -- ledger entry of the signature: the order of signing
  PRIMARY KEY (attempt_no, examiner, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE mark_event (         -- an acknowledged mark is a row here, durable before the acknowledgement
  attempt_no INTEGER NOT NULL REFERENCES attempt,
  examiner   TEXT NOT NULL,
  seq        INTEGER NOT NULL,    -- goes on over the versions of a sheet
  version    INTEGER NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('deduct', 'veto')),
  task       INTEGER NOT NULL,
  step       INTEGER NOT NULL,
  value      INTEGER NOT NULL,
  chain      BLOB NOT NULL,
  wall       INTEGER NOT NULL,
  entry      INTEGER NOT NULL,    -- ledger entry that carries the digest of this batch
  PRIMARY KEY (attempt_no, examiner, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL, wall INTEGER NOT NULL) STRICT;

CREATE TABLE predecessor (        -- logs that this one goes on from: their last checkpoint, after damage the whole log as it lay
  size   INTEGER PRIMARY KEY,     -- entries that came along
  sound  INTEGER NOT NULL,        -- of these, entries under a checkpoint that still holds
  origin TEXT NOT NULL,
  files  BLOB NOT NULL            -- container
) STRICT;

-- 二（四） N2.4.14: nothing that was recorded can be taken back, by no program and no person.
CREATE TRIGGER entry_kept_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'ledger entries are kept'); END;
CREATE TRIGGER entry_kept_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'ledger entries are kept'); END;
CREATE TRIGGER checkpoint_kept_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are kept'); END;
CREATE TRIGGER checkpoint_kept_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are kept'); END;
CREATE TRIGGER answer_kept_update BEFORE UPDATE ON answer_event BEGIN SELECT RAISE(ABORT, 'answers are kept'); END;
CREATE TRIGGER mark_kept_update BEFORE UPDATE ON mark_event BEGIN SELECT RAISE(ABORT, 'marks are kept'); END;
CREATE TRIGGER sheet_kept_update BEFORE UPDATE ON mark_sheet
  WHEN OLD.statement <> '' AND (NEW.statement, NEW.signature, NEW.place) IS NOT (OLD.statement, OLD.signature, OLD.place)
  BEGIN SELECT RAISE(ABORT, 'signed sheets are kept'); END;
CREATE TRIGGER mark_kept_delete BEFORE DELETE ON mark_event
  WHEN NOT EXISTS (SELECT 1 FROM attempt JOIN sitting USING (sitting_id) JOIN bundle USING (sitting_id)
                   WHERE attempt.no = OLD.attempt_no AND sitting.pruned_at IS NOT NULL AND bundle.receipt IS NOT NULL)
  BEGIN SELECT RAISE(ABORT, 'marks are kept'); END;
CREATE TRIGGER sheet_kept_delete BEFORE DELETE ON mark_sheet
  WHEN NOT EXISTS (SELECT 1 FROM attempt JOIN sitting USING (sitting_id) JOIN bundle USING (sitting_id)
                   WHERE attempt.no = OLD.attempt_no AND sitting.pruned_at IS NOT NULL AND bundle.receipt IS NOT NULL)
  BEGIN SELECT RAISE(ABORT, 'signed sheets are kept'); END;
-- Answers go only after the receipt for their parcel, when two persons have pruned the sitting; the ledger never goes.
CREATE TRIGGER answer_kept_delete BEFORE DELETE ON answer_event
  WHEN NOT EXISTS (SELECT 1 FROM attempt JOIN sitting USING (sitting_id) JOIN bundle USING (sitting_id)
                   WHERE attempt.no = OLD.attempt_no AND sitting.pruned_at IS NOT NULL AND bundle.receipt IS NOT NULL)
  BEGIN SELECT RAISE(ABORT, 'answers are kept'); END;
