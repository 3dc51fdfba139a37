-- What was answered to a program that gave its request a key, so that the same request again gets
-- the same answer and states nothing twice. Not made from the log; forgotten after some days.

CREATE TABLE register_answer (
    tenant_id   integer NOT NULL REFERENCES tenant,
    holder      text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    answer      bytea NOT NULL,
    at_us       bigint NOT NULL,
    PRIMARY KEY (tenant_id, holder, key)
);
