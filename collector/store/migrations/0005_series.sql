-- What the measurements say, computed from the log and computable again from it at any time.
-- Times are microseconds UTC on the corrected scale.

-- How far the tables below have followed the log of a tenant.
CREATE TABLE projection (
    tenant_id integer PRIMARY KEY REFERENCES tenant,
    watermark bigint NOT NULL DEFAULT 0
);

-- A vantage point that only imported measurements speak of was never enrolled.
ALTER TABLE vantage ALTER COLUMN enrolled_at DROP NOT NULL;

-- A check at a vantage point; imported measurements keep series of their own.
CREATE TABLE series (
    tenant_id  integer NOT NULL,
    series_id  integer NOT NULL,
    vantage_id integer NOT NULL,
    check_name text NOT NULL,
    imported   boolean NOT NULL,
    PRIMARY KEY (tenant_id, series_id),
    UNIQUE (tenant_id, vantage_id, check_name, imported),
    FOREIGN KEY (tenant_id, vantage_id) REFERENCES vantage
);

-- Consecutive measurements of one outcome within one day (UTC), summarised without loss for the
-- judge: see collector.judge.timeline.Span. Entries are the first and last index in the log that
-- hold its measurements; part tells spans apart that begin together.
CREATE TABLE span (
    tenant_id   integer NOT NULL,
    series_id   integer NOT NULL,
    first_start bigint NOT NULL,
    part        smallint NOT NULL,
    outcome     char(1) NOT NULL CHECK (outcome IN ('U', 'G', 'D', 'X')),
    measured    integer NOT NULL,
    first_end   bigint NOT NULL,
    first_error bigint NOT NULL,
    last_start  bigint NOT NULL,
    last_end    bigint NOT NULL,
    last_error  bigint NOT NULL,
    lo_head     bigint,
    hi_tail     bigint,
    largest_gap bigint NOT NULL,
    latency_min bigint NOT NULL,
    latency_sum bigint NOT NULL,
    latency_max bigint NOT NULL,
    failure     text,
    operation   text,
    version     text,
    first_entry bigint NOT NULL,
    last_entry  bigint NOT NULL,
    PRIMARY KEY (tenant_id, series_id, first_start, part)
) WITH (fillfactor = 80);
