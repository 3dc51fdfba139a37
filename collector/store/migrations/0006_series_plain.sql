-- Latency by minute and raw measurements, in partitions by time that are made as they are needed.
-- level: plain

CREATE TABLE latency (
    tenant_id integer NOT NULL,
    series_id integer NOT NULL,
    minute    bigint NOT NULL,
    measured  integer NOT NULL,
    failed    integer NOT NULL,
    min_us    bigint NOT NULL,
    sum_us    bigint NOT NULL,
    max_us    bigint NOT NULL,
    p95_us    bigint NOT NULL,
    durations bytea NOT NULL,
    PRIMARY KEY (tenant_id, series_id, minute)
) PARTITION BY RANGE (minute);

CREATE TABLE measurement (
    tenant_id   integer NOT NULL,
    series_id   integer NOT NULL,
    start_us    bigint NOT NULL,
    duration_us bigint NOT NULL,
    error_us    bigint NOT NULL,
    outcome     char(1) NOT NULL,
    failure     text,
    operation   text
) PARTITION BY RANGE (start_us);

CREATE INDEX measurement_start ON measurement USING brin (start_us);
