-- Time stamps on checkpoints: those the log has, and the hospitals whose next one could not be had.

CREATE TABLE stamp (
    tenant_id   integer NOT NULL REFERENCES tenant,
    entry       bigint NOT NULL,
    size        bigint NOT NULL,
    at_us       bigint NOT NULL,
    accuracy_us bigint,
    authority   text NOT NULL,
    token       bytea NOT NULL,
    sealed_at   bigint NOT NULL,
    PRIMARY KEY (tenant_id, entry)
);

CREATE INDEX stamp_size ON stamp (tenant_id, size);

-- No view of the log: what an authority that is down says is no statement on the evidence.
CREATE TABLE stamp_attempt (
    tenant_id integer PRIMARY KEY REFERENCES tenant,
    attempts  integer NOT NULL,
    answer    text NOT NULL,
    last_at   bigint NOT NULL,
    next_at   bigint NOT NULL
);
