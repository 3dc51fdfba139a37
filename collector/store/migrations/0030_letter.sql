-- Letters: what was to be told outside of an entry of the log, to whom, and what came of it.

-- The entries for which it is settled who is written to, be it nobody.
CREATE TABLE letter_order (
    tenant_id integer NOT NULL REFERENCES tenant,
    step      bigint NOT NULL,
    entry     bigint NOT NULL,
    PRIMARY KEY (tenant_id, step)
);

CREATE TABLE letter (
    tenant_id       integer NOT NULL REFERENCES tenant,
    letter          text NOT NULL,
    about           text NOT NULL,
    step            bigint NOT NULL,
    occasion        text NOT NULL,
    sequence        integer NOT NULL,
    channel         text NOT NULL,
    contact         text NOT NULL,
    role            text NOT NULL,
    person          text NOT NULL,
    language        text NOT NULL,
    state           text NOT NULL,
    attempts        integer NOT NULL,
    answer          text NOT NULL,
    ordered_at      bigint NOT NULL,
    last_at         bigint,
    next_at         bigint,
    acknowledged_at bigint,
    acknowledged_by text NOT NULL,
    PRIMARY KEY (tenant_id, letter)
);

CREATE INDEX letter_due ON letter (next_at) WHERE state = 'queued';
CREATE INDEX letter_about ON letter (tenant_id, about, sequence);
