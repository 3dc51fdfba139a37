-- The log: what was said, in order, for ever. Every other table can be made again from it.
-- A tenant is a hospital; tenant_id leads every key, so that tables can be distributed by it.

CREATE TABLE tenant (
    tenant_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text NOT NULL UNIQUE CHECK (name <> ''),
    raw_days  integer NOT NULL DEFAULT 7 CHECK (raw_days >= 0)
);

-- The row that appenders lock. Half-filled pages: it is updated in place at every commit.
CREATE TABLE log_head (
    tenant_id integer PRIMARY KEY REFERENCES tenant,
    size      bigint NOT NULL,
    chain     bytea NOT NULL
) WITH (fillfactor = 50);

-- Batches are the bulk of it: they have an agent and a number in place of a kind. The leaf hash is
-- that of the envelope, so it is not stored; the chain covers it.
CREATE TABLE log (
    idx         bigint NOT NULL,
    received_at bigint NOT NULL,
    tenant_id   integer NOT NULL REFERENCES tenant,
    agent_id    integer,
    number      integer,
    kind        text,
    chain       bytea NOT NULL,
    envelope    bytea NOT NULL,
    PRIMARY KEY (tenant_id, idx) WITH (fillfactor = 100),
    CHECK (num_nulls(kind, number) = 1 AND num_nulls(agent_id, number) <> 1)
);

-- Envelopes are compressed already. (PostgreSQL 15 takes this only once the table is made.)
ALTER TABLE log ALTER COLUMN envelope SET STORAGE EXTERNAL;

-- The n-th batch of an agent is the n-th of its rows: their order is that of their numbers.
CREATE INDEX log_agent ON log (tenant_id, agent_id, idx) WHERE agent_id IS NOT NULL;
CREATE INDEX log_kind ON log (tenant_id, kind, idx) WHERE agent_id IS NULL;

CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % is refused', TG_OP;
END $$;

CREATE TRIGGER log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();
