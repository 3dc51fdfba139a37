-- Latency by minute and raw measurements, as hypertables.
-- level: timescale

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
);

CREATE TABLE measurement (
    tenant_id   integer NOT NULL,
    series_id   integer NOT NULL,
    start_us    bigint NOT NULL,
    duration_us bigint NOT NULL,
    error_us    bigint NOT NULL,
    outcome     char(1) NOT NULL,
    failure     text,
    operation   text
);

CREATE INDEX measurement_start ON measurement USING brin (start_us);

-- Integers of microseconds: chunks of seven days, and of one for the raw rows.
SELECT create_hypertable('span', 'first_start', chunk_time_interval => 604800000000, create_default_indexes => false);
SELECT create_hypertable('latency', 'minute', chunk_time_interval => 604800000000, create_default_indexes => false);
SELECT create_hypertable('measurement', 'start_us', chunk_time_interval => 86400000000, create_default_indexes => false);

CREATE FUNCTION now_us() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT (extract(epoch FROM now()) * 1000000)::bigint $$;

SELECT set_integer_now_func('span', 'now_us');
SELECT set_integer_now_func('latency', 'now_us');
SELECT set_integer_now_func('measurement', 'now_us');
