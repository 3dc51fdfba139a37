-- What was announced of the operation of a window, and names that can be erased.

ALTER TABLE planned_window
    ADD COLUMN operation    text,
    ADD COLUMN version_from text,
    ADD COLUMN version_to   text,
    ADD COLUMN version_kind text,
    ADD COLUMN exclusion    text,
    ADD COLUMN hot          boolean NOT NULL DEFAULT false,
    ADD COLUMN pilot        boolean NOT NULL DEFAULT false;

CREATE INDEX planned_window_operation ON planned_window (operation) WHERE operation IS NOT NULL;

-- Persons: what the commitments in the log stand for. Not made from the log, and may be erased.
CREATE TABLE person (
    tenant_id  integer NOT NULL REFERENCES tenant,
    commitment text NOT NULL,
    salt       bytea NOT NULL,
    name       text NOT NULL,
    email      text NOT NULL,
    company    text NOT NULL,
    PRIMARY KEY (tenant_id, commitment)
);
