-- Windows. Instants are microseconds UTC; entry is the index in the hospital's log.

-- Every step of every window, in order: who stated what, when. What a window is follows from these.
CREATE TABLE window_step (
    tenant_id integer NOT NULL REFERENCES tenant,
    entry     bigint NOT NULL,
    window_id text NOT NULL,
    kind      text NOT NULL,
    at_us     bigint NOT NULL,
    author    text NOT NULL,
    body      jsonb NOT NULL,
    PRIMARY KEY (tenant_id, entry)
);

CREATE INDEX window_step_window ON window_step (tenant_id, window_id, entry);

-- Where each window stands after its last step: for lists, and for those who read SQL.
CREATE TABLE planned_window (
    tenant_id    integer NOT NULL REFERENCES tenant,
    window_id    text NOT NULL,
    service      text NOT NULL,
    status       text NOT NULL,
    plan_start   bigint NOT NULL,
    plan_end     bigint NOT NULL CHECK (plan_end > plan_start),
    announced_at bigint NOT NULL,
    closed_at    bigint,
    PRIMARY KEY (tenant_id, window_id)
);

CREATE INDEX planned_window_id ON planned_window (window_id);

-- Verdicts as they were recorded when a window closed.
CREATE TABLE window_verdict (
    tenant_id  integer NOT NULL REFERENCES tenant,
    window_id  text NOT NULL,
    entry      bigint NOT NULL,
    at_us      bigint NOT NULL,
    duration   text NOT NULL,
    notice     text NOT NULL,
    assessment jsonb NOT NULL,
    PRIMARY KEY (tenant_id, window_id, entry)
);
