-- Vantage points that fell silent, as it was told, and when they were heard again.

CREATE TABLE silence_alarm (
    tenant_id   integer NOT NULL REFERENCES tenant,
    alarm       text NOT NULL,
    vantage     text NOT NULL,
    kind        text NOT NULL,
    since_us    bigint NOT NULL,
    entry       bigint NOT NULL,
    detected_at bigint NOT NULL,
    heard_us    bigint,
    ended_entry bigint,
    ended_at    bigint,
    PRIMARY KEY (tenant_id, alarm)
);

CREATE UNIQUE INDEX silence_alarm_open ON silence_alarm (tenant_id, vantage)
    WHERE ended_entry IS NULL;
