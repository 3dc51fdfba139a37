-- Who measures: vantage points, the agents that stood or stand there, and how far each has got.

CREATE TABLE vantage (
    tenant_id   integer NOT NULL REFERENCES tenant,
    vantage_id  integer NOT NULL,
    name        text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('workstation', 'server', 'external')),
    enrolled_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, vantage_id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE agent (
    tenant_id   integer NOT NULL,
    agent_id    integer NOT NULL,
    vantage_id  integer NOT NULL,
    key_id      text NOT NULL UNIQUE,
    public_key  bytea NOT NULL,
    version     text NOT NULL,
    enrolled_at bigint NOT NULL,
    entry       bigint NOT NULL,
    PRIMARY KEY (tenant_id, agent_id),
    FOREIGN KEY (tenant_id, vantage_id) REFERENCES vantage
);

-- The row that ingest locks: the last batch taken from an agent, and what its header said.
CREATE TABLE agent_cursor (
    tenant_id    integer NOT NULL,
    agent_id     integer NOT NULL,
    state        text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'frozen', 'revoked')),
    number       integer NOT NULL DEFAULT 0,
    payload_hash bytea NOT NULL,
    received_at  bigint,
    offset_us    bigint,
    error_us     bigint,
    estimated    boolean,
    depth        bigint,
    lost         bigint,
    PRIMARY KEY (tenant_id, agent_id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agent
) WITH (fillfactor = 50);

-- What the batches of one agent have in common; stored batches name it (collector.store.packing).
CREATE TABLE batch_header (
    tenant_id integer NOT NULL,
    header_id integer GENERATED ALWAYS AS IDENTITY,
    agent_id  integer NOT NULL,
    text      bytea NOT NULL,
    PRIMARY KEY (tenant_id, header_id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agent
);

-- Only the hash of a token is kept. A token admits as many agents as were asked for, then none.
CREATE TABLE enrolment_token (
    token_hash bytea PRIMARY KEY,
    tenant_id  integer NOT NULL REFERENCES tenant,
    vantage    text,
    kind       text,
    remaining  integer NOT NULL CHECK (remaining >= 0),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
