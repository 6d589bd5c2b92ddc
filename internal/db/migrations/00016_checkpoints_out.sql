-- How it stands with the checkpoints of a log on a way out of this machine. What is due is always the newest checkpoint, so that this is the
-- whole outbox: a way that has not worked for a week has one checkpoint to take, not ten thousand.
CREATE TABLE checkpoint_ways (
    way      TEXT NOT NULL, -- folder, syslog, http, mail, witness
    log      TEXT NOT NULL, -- origin
    size     INTEGER NOT NULL, -- of the newest that left; 0: none yet
    left_at  INTEGER NOT NULL, -- 0: none yet
    failing  INTEGER NOT NULL, -- since when it has not worked; 0: it works
    error    TEXT NOT NULL, -- a code with a text in the catalogues
    attempts INTEGER NOT NULL, -- since it last worked
    due      INTEGER NOT NULL, -- not to be tried before
    PRIMARY KEY (way, log)
) STRICT;

-- What left, or tried to.
CREATE TABLE checkpoints_out (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    way         TEXT NOT NULL,
    log         TEXT NOT NULL,
    size        INTEGER NOT NULL,
    text        TEXT NOT NULL, -- the signed checkpoint
    cosignature TEXT NOT NULL, -- line of the witness
    attempts    INTEGER NOT NULL,
    error       TEXT NOT NULL, -- of the last try
    at          INTEGER NOT NULL -- of the last try
) STRICT;
CREATE INDEX checkpoints_out_of ON checkpoints_out (way, log, size);
