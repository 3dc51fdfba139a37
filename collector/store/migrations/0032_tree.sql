-- The log becomes a Merkle tree, and entries of the register a chain: no entry can be left out of
-- what an auditor is given. The hash of a leaf takes the place of the running hash. Roots of
-- complete subtrees of 256, 65 536 and 16 777 216 leaves are kept, so that a proof reads little.

DO $$ BEGIN
    IF EXISTS (SELECT FROM log) THEN
        RAISE EXCEPTION 'this database holds a log from before the first release: begin a new one';
    END IF;
END $$;

ALTER TABLE log DROP COLUMN chain;
ALTER TABLE log ADD COLUMN leaf bytea NOT NULL;

ALTER TABLE log_head DROP COLUMN chain;
ALTER TABLE log_head ADD COLUMN frontier bytea NOT NULL DEFAULT '';
ALTER TABLE log_head ADD COLUMN stated integer NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN last_stated text NOT NULL DEFAULT repeat('0', 64);

CREATE TABLE log_tile (
    tenant_id integer NOT NULL REFERENCES tenant,
    level     smallint NOT NULL,
    place     bigint NOT NULL,
    hash      bytea NOT NULL,
    PRIMARY KEY (tenant_id, level, place)
);

-- What the collector signed of a log, and what witnesses added. Not every checkpoint is kept: those
-- that acknowledge batches are with the agents.
CREATE TABLE checkpoint (
    tenant_id integer NOT NULL REFERENCES tenant,
    size      bigint NOT NULL,
    note      text NOT NULL,
    signed_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, size)
);

CREATE TABLE cosignature (
    tenant_id   integer NOT NULL,
    size        bigint NOT NULL,
    line        text NOT NULL,
    received_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, size, line),
    FOREIGN KEY (tenant_id, size) REFERENCES checkpoint
);
