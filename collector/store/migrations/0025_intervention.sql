-- Interventions of named persons, what was sent of them, and the tokens by which programs state some.
-- Instants are microseconds UTC; entry is the index in the hospital's log.

-- Where each intervention stands; person is a commitment, window_id is empty when it is for none.
CREATE TABLE intervention (
    tenant_id       integer NOT NULL REFERENCES tenant,
    intervention    text NOT NULL,
    entry           bigint NOT NULL,
    registered_at   bigint NOT NULL,
    author          text NOT NULL,
    person          text NOT NULL,
    purpose         text NOT NULL,
    site            text NOT NULL,
    start_us        bigint NOT NULL,
    end_us          bigint CHECK (end_us > start_us),
    mode            text,
    confidentiality text NOT NULL,
    window_id       text NOT NULL,
    corrections     jsonb NOT NULL,
    PRIMARY KEY (tenant_id, intervention)
);

CREATE INDEX intervention_named ON intervention (intervention);
CREATE INDEX intervention_window ON intervention (tenant_id, window_id) WHERE window_id <> '';
CREATE INDEX intervention_open ON intervention (tenant_id, start_us) WHERE end_us IS NULL;

-- The months that were sent: how many rows, the digest of the CSV, and to whom, by a commitment.
CREATE TABLE intervention_export (
    tenant_id integer NOT NULL REFERENCES tenant,
    entry     bigint NOT NULL,
    month     text NOT NULL,
    row_count integer NOT NULL,
    sha256    text NOT NULL,
    recipient text NOT NULL,
    at_us     bigint NOT NULL,
    author    text NOT NULL,
    PRIMARY KEY (tenant_id, entry)
);

-- Tokens of programs that state interventions; only a hash is kept. Not made from the log.
CREATE TABLE register_token (
    token_hash bytea PRIMARY KEY,
    tenant_id  integer NOT NULL REFERENCES tenant,
    holder     text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX register_token_holder ON register_token (tenant_id, holder);
