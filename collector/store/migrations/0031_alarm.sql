-- Outages of strategic services that nobody announced, as they were detected and as they ended.

CREATE TABLE alarm (
    tenant_id   integer NOT NULL REFERENCES tenant,
    alarm       text NOT NULL,
    service     text NOT NULL,
    start_us    bigint NOT NULL,
    proven_us   bigint NOT NULL,
    panel       integer NOT NULL,
    entry       bigint NOT NULL,
    detected_at bigint NOT NULL,
    end_us      bigint,
    ended_entry bigint,
    ended_at    bigint,
    PRIMARY KEY (tenant_id, alarm)
);

CREATE INDEX alarm_open ON alarm (tenant_id, service) WHERE end_us IS NULL;
