-- Files of measurements that were imported: the same one is not taken twice. entry is its first.

CREATE TABLE measurement_import (
    tenant_id    integer NOT NULL REFERENCES tenant,
    digest       text NOT NULL,
    entry        bigint NOT NULL,
    at_us        bigint NOT NULL,
    author       text NOT NULL,
    source       text NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
