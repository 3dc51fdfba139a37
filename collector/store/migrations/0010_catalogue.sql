-- The catalogue: every value an item ever had, with the entry of the log that gave it.
-- kind is hospital, site or service; the value in force at an instant is the newest before it.

CREATE TABLE catalogue_item (
    tenant_id integer NOT NULL REFERENCES tenant,
    kind      text NOT NULL,
    name      text NOT NULL,
    entry     bigint NOT NULL,
    at_us     bigint NOT NULL,
    value     jsonb NOT NULL,
    PRIMARY KEY (tenant_id, kind, name, entry)
);
